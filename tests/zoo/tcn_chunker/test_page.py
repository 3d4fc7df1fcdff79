"""The page of a chunker: a text with its chunks in brackets."""

from visits import visit

from dilatednets.zoo.tcn_chunker.page import page
from dilatednets.zoo.tcn_chunker.verb import brackets


def test_a_text_is_put_in_brackets_faults(joint):
    text = "The dog works. <b>It</b> works in the dog."
    with visit(page(joint, "tiny")) as visitor:
        assert "Chunks are NP, VP." in visitor.get("/models/it")[1]
        _, answer = visitor.fill_in(text=text)
        for sentence in joint.chunk_stream([text]):
            assert brackets(sentence).strip() in answer.text
        for chunk in joint.chunk(text):
            assert f"{chunk.label}  {chunk.start}  {chunk.end}  " in answer.text
        for wrong, line in ((" \n", "Text: holds no words"), (100_900 * "a", "Text: has 100 kB")):
            status, answer = visitor.fill_in(text=wrong)
            assert status == 400 and answer.wrong.startswith(line)
        _, instead = visitor.fill_in(text="", file=("a.txt", text.encode()))
        assert instead.part == visitor.fill_in(text=text)[1].part
        columns = "It PRP B-NP\nworks VBZ B-VP\n\nThe DT B-NP\ndog NN I-NP\n"
        _, told = visitor.fill_in(text="", file=("a.conll", columns.encode()))
        assert "works" in told.text and "PRP" not in told.text and "B-NP" not in told.text
        assert list(joint.chunk_sentences([])) == []
        assert told.text.split("Chunks")[0].split() == visitor.fill_in(text=columns)[1].text.split("Chunks")[0].split()
        for file, line in ((b"It \xff", "a.txt: "), (b"a\0", "a.txt: a NUL byte"), (b" ", "a.txt: holds no words")):
            status, answer = visitor.fill_in(text=text, file=("a.txt", file))
            assert status == 400 and answer.wrong.startswith(line)


def test_words_with_parts_of_speech_are_too_faults(given_pos):
    with visit(page(given_pos, "tiny")) as visitor:
        assert "The DT\n" in visitor.get("/models/it")[1]
        _, answer = visitor.fill_in(text="the DT\r\ndog NN\r\n\r\nit NN")
        [first, second] = given_pos.tag([["the", "dog"], ["it"]], [["DT", "NN"], ["NN"]])
        assert answer.text.count("dog") >= 1 and ("[" in answer.text) == any(tag != "O" for tag in [*first, *second])
        for wrong, line in (
            ("It works well", "Text, line 1: 3 columns"),
            ("the XX", "Text: 'XX' is no part of speech"),
        ):
            status, answer = visitor.fill_in(text=wrong)
            assert status == 400 and answer.wrong.startswith(line), answer.wrong
