"""Commands that measure speed, and compare with what a user would otherwise pick."""
