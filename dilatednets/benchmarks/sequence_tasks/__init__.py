"""The TCN beside recurrent nets, attention and a linear recurrence, on the tasks of Bai et al. and two more."""
