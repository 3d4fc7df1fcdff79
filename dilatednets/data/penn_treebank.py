r"""Plain English text as sentences and words, cut as the Penn Treebank cuts them, with offsets.

Words are cut as in the Wall Street Journal text of CoNLL-2000 (`do n't`, `Inc.`, `$ 5`, `50 %`). No text is changed, a
token is always what stands between its offsets; `treebank_forms` gives what a treebank writes (`-LRB-` for a bracket).

White space is what `str.isspace` says, and besides it control characters, the zero-width space, marks of direction and
the byte order mark. All functions take any string, and time linear in its length.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from dilatednets.data.characters import SPACE, is_lower, plain

MAX_SENTENCE = 100_000
"""Longest sentence, in characters: without a bound, text without ends of sentences would be read into memory as one."""

# Sets of characters, to stand inside brackets.
SYMBOLS = (
    r"!-*,.:-@\[\]\^`{-~\xa1-\xa9\xab\xac\xae-\xb1\xb4\xb6-\xb8\xbb\xbf\xd7\xf7\u060c\u061b\u061f\u06d4\u0964\u0965"
    r"\u2012-\u2027\u2030-\u205e\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2e7f\u3001-\u3003\u3008-\u3020\u3030\ufe30-\ufe6b"
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0-\uffe6\U0001f000-\U0001faff"
    r"\u058f\u060b\u09f2\u09f3\u0e3f\u17db\ufdfc"
)
PICTURES = r"\xa9\xae\u203c\u2049\u2190-\u2bff\u3030\U0001f000-\U0001faff"
MODIFIERS = r"\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
HYPHENS = r"\-\u2010\u2011"
# One character of a word: a letter of any script, a combining mark, a digit, or one of / \ _ +.
_W = rf"[^{SPACE}{SYMBOLS}{HYPHENS}]"

# What is cut off the end of a word, and what is a word after an apostrophe, each in either case.
CLITIC = r"n['\u2019]t|['\u2019](?:s|re|ve|ll|d|m)"
LONE_CLITIC = r"\d\ds?|tis|twas|til|em|cause|bout|n['\u2019]|[sdmt]|re|ve|ll"

# Linear in time: what may be long is matched possessively, an address sought only where a run of its signs begins.
_TOKEN = re.compile(
    rf"""
      [\U0001f1e6-\U0001f1ff]{{2}}  # a flag
    | [{PICTURES}][{MODIFIERS}]*+(?:\u200d[{PICTURES}][{MODIFIERS}]*+)*+ | [#*]\ufe0f?\u20e3
    | (?i:https?://|ftp://|www\.)[^{SPACE}<>"\u201c\u201d]*[^{SPACE}<>"\u201c\u201d.,;:!?'\u2019)\]}}]
    | (?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]+)++
    | (?<!{_W})(?:@\w++|\#\d*+[^\W\d]\w*+)  # who is addressed, and a topic
    | -[LR][RCS]B-
    | \.\.\.(?=\.(?!\.)) | \.{{2,}} | \u2026+ | -{{2,}} | [\u2012-\u2015]+ | `` | '' | (?:\\\*)+
    | (?<!{_W})[A-Z]{{1,3}}\$  # as in US$
    | (?P<word>
        (?<!{_W})(?i:['\u2018\u2019](?:{LONE_CLITIC}))
        (?![\w'\u2019])  # a year or a clitic that stands alone
      | (?:(?<!{_W})-(?={_W}))?(?:\.(?=\d))?{_W}++
        (?:(?:[&'\u2019\u2010\u2011-](?={_W})|\.(?=['\u2019-]?{_W})|%(?=-{_W})|(?<=\d)[,:\u2013\uff0c\uff1a](?=\d)){_W}*+)*+
        (?:-(?!-))?(?:\.(?!\.))?
      )
    | =+ | \*+ | ~+ | \^+ | \|+ | \#+ | [^{SPACE}]
    """,
    re.VERBOSE,
)
_CLITIC = re.compile(rf"(?:{CLITIC})\Z", re.IGNORECASE)
JOINED = dict.fromkeys(("cannot", "gonna", "wanna", "gotta", "gimme", "lemme"), 3)
JOINED |= {"d'ye": 2, "'tis": 2, "'twas": 2, "more'n": 4}
"""Words written as one, with the length of the first."""
INITIALS = r"[A-Za-z\xc0-\u024f]|(?:[A-Za-z\xc0-\u024f]\.)++[A-Za-z\xc0-\u024f]{1,2}"
_INITIALS = re.compile(INITIALS)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


NUMBERED = _set(
    "No Nos NO Nr Art Sec Secs Sect Fig Figs Vol Vols Ch Chs Chap Chaps Pt Pts Eq Eqs Eqn Ref Refs Para Paras App Ex Op Thm "
    "Ca no nos nr art sec secs sect fig figs vol vols ch chs chap chaps pt pts eq eqs eqn ref refs para paras pp ca circa"
)
"""Abbreviations before a number, and only there: they are also words."""
_NUMBER = re.compile(rf"[{SPACE}]*+[#(]?\d")
TITLES = _set(
    "Mr Mrs Ms Dr Drs Messrs Mmes Mme Mlle Prof Gen Gens Sen Sens Rep Reps Gov Govs Lt Col Capt Maj Sgt Cpl Pvt Adm "
    "Cmdr Rev Hon Pres Supt Atty Insp Msgr vs v e.g i.e cf viz"
)
"""Abbreviations that never end a sentence."""
ABBREVIATIONS = TITLES | _set(
    "Inc Corp Co Cos Ltd Bros Bancorp Bhd Pty Assn Assoc Dept Univ Inst Mfg Intl Natl inc corp co ltd dept Jr Sr Esq "
    "Ph.D Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun St Ste Mt Ft Rd "
    "Ave Blvd Ala Ariz Ark Calif Colo Conn Del Fla Ga Ill Ind Kan Kans Ky La Mass Md Mich Minn Miss Mo Mont Neb Nev "
    "Okla Ont Ore Pa Que Tenn Tex Va Vt Wash Wis Wyo etc al approx est ft sq oz lb lbs ed eds Eds ext tel op cit"
)
ENDINGS = _set(
    "it he him she her they them we me us you that this there here now then too so up out off down in on not is was are be "
    "do did done good bad well nice great fine more much all one ok okay yes no lol"
)
"""Words that often end a sentence, and are no abbreviations even where one begins with a small letter, as in a chat."""
_BEGINNERS = _set(
    "A After All Although An And Another Any As At Because Before Both But By Despite During Each Even Every For From "
    "He Hence Her Here His How However I If In Instead Is It Its Last Many Meanwhile More Moreover Most Mr. Mrs. Ms. "
    "My No Nor Not Now Of On Once One Only Or Other Our Perhaps Several She Since So Some Still Such That The Their "
    "Then There Therefore These They This Those Though Thus To Today Under Until We What When Where Whether Which "
    "While Who Why With Without Yes Yet You Your"
)
"""Words that begin a sentence even after an abbreviation; another in capitals is more likely a part of a name."""
_CLOSING = "\"')]}\u2019\u201d\xbb"
_OPENING = "\"'([{`\u2018\u201c\u201e\xab\xa1\xbf-\u2013\u2014\u2022*"
CLOSERS = frozenset(_CLOSING) | {"''", "-RRB-", "-RCB-", "-RSB-"}
FORMS = {
    "(": "-LRB-", ")": "-RRB-", "{": "-LCB-", "}": "-RCB-", "[": "-LSB-", "]": "-RSB-",
    "\u201c": "``", "\u201e": "``", "\u201f": "``", "\xab": "``", "\u201d": "''", "\xbb": "''", '"': "''",
    "\u2018": "`", "\u201a": "`", "\u201b": "`",
    **dict.fromkeys(map(chr, (0xa2, 0xa4, 0xa5, 0x58f, 0x60b, 0x9f2, 0x9f3, 0xe3f, 0x17db, *range(0x20a0, 0x20d0))), "$"),
    **dict.fromkeys("\ufdfc\ufe69\uffe0\uffe5\uffe6", "$"), "\xa3": "#", "\uffe1": "#",  # CoNLL-2000 has # for a pound
}  # fmt: skip
CHARACTERS = str.maketrans({"\u2019": "'", "\u2010": "-", "\u2011": "-", "\u2212": "-", "\u2026": "...", "\xad": ""})
_REFERENCES = re.compile(r"(?<=[.!?\u2026\"'\u201d\u2019)])(?:\[\w{1,4}\])+$")
_RUN = re.compile(rf"[^{SPACE}]++")
_SPACES = re.compile(rf"[{SPACE}]++")
_END_OF_LINE = re.compile("[\n\r\u2029]")
_EMPTY_LINE = re.compile(r"(?:\r\n?+|\n)[^\r\n]*+(?:\r|\n)|\u2029")


class Token(NamedTuple):
    """A word, number or punctuation mark: `text` is `source[start:end]`, in code points."""

    text: str
    start: int
    end: int


class Sentence(NamedTuple):
    """The text of a sentence without white space around it, and where in the whole stream it starts, in code points."""

    text: str
    start: int


def split_words(text: str) -> list[Token]:
    """The words of a sentence, in order; only white space lies between them.

    Clitics are words (`do n't`, `it 's`), as are the halves of `can not`, `gon na` and their like. Numbers, fractions,
    times, words with hyphens, addresses, @names, #topics and emoji stay whole. A period stays with an abbreviation or
    initials, and with any word before a small letter, where it ends no sentence; but at the end of the text it is the
    sentence's (`Acme Inc .`): only `U.S.` and titles such as `Mr.` keep it there. Text that is cut in this way already is
    cut at its spaces.

    Args:
        text: One sentence.

    Example:
    >>> [token.text for token in split_words("Acme Inc. can't pay $1,000.")]
    ['Acme', 'Inc.', 'ca', "n't", 'pay', '$', '1,000', '.']
    >>> split_words("It's.")
    [Token(text='It', start=0, end=2), Token(text="'s", start=2, end=4), Token(text='.', start=4, end=5)]
    """
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        for cut in _cuts(match[0], text, start) if match.lastgroup else ():
            tokens.append(Token(text[start:cut], start, cut))
            start = cut
        tokens.append(Token(text[start:end], start, end))
    last = len(tokens) - 1
    while last > 0 and tokens[last].text in CLOSERS:
        last -= 1
    if tokens:
        word, start, end = tokens[last]
        if word.endswith(".") and word.strip(".") and word != "U.S." and word[:-1] not in TITLES:
            tokens[last : last + 1] = [Token(word[:-1], start, end - 1), Token(".", end - 1, end)]
    return tokens


def split_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence of a text, white space around it left out.

    A sentence ends at an empty line. It ends at a period, question or exclamation mark or ellipsis, with the quotes and
    brackets closed after it and references such as [1], unless the next word begins with a small letter; but after an
    abbreviation or initials only before a word such as "The", which rather begins a sentence than goes on with a name, and
    never after a title or the number of an item in a list. One of more than `MAX_SENTENCE` characters is cut at white
    space, a longer word inside.

    Args:
        text: The whole text.

    Example:
    >>> text = "Mr. J. P. Morgan left the U.S. in May. He's back!"
    >>> [text[start:end] for start, end in split_sentences(text)]
    ['Mr. J. P. Morgan left the U.S. in May.', "He's back!"]
    """
    for sentence in sentences([text]):
        yield sentence.start, sentence.start + len(sentence.text)


def sentences(source: Iterable[str], by_line: bool = False) -> Iterator[Sentence]:
    r"""The sentences of a stream, as `split_sentences` cuts them, each as soon as the first word after it is read.

    Args:
        source: The text in pieces, such as the lines of an open file with their ends; how it is cut changes nothing.
            No more of it than a piece and `MAX_SENTENCE` characters is kept.
        by_line: Whether sentences end with their lines, as they otherwise do before an empty line only.

    Example:
    >>> list(sentences(["We stay", "ed. They\n", "left.\n"]))
    [Sentence(text='We stayed.', start=0), Sentence(text='They\nleft.', start=11)]
    """
    gap = _END_OF_LINE if by_line else _EMPTY_LINE
    text, offset = "", 0  # what is kept of the stream, and where it starts there
    begin = end = seen = 0  # in it, the sentence so far, none if they are equal, and where the next word is looked for
    last, first = "", True  # its last word that is more than closing marks, and whether that is its first
    for piece in chain(source, ["\n\n"]):
        text += piece
        if len(text) <= MAX_SENTENCE and _RUN.fullmatch(piece):
            continue  # still the same word
        words, seen = _RUN.finditer(text, seen), len(text)
        for match in words:
            start, stop = match.span()
            whole = stop < len(text)
            if begin == end:
                begin = end = start
            elif (
                stop - begin > MAX_SENTENCE or gap.search(text, end, start) or (whole and _ends(last, first, match[0]))
            ):
                yield Sentence(text[begin:end], offset + begin)
                begin = end = start
            while stop - begin > MAX_SENTENCE:
                yield Sentence(text[begin : begin + MAX_SENTENCE], offset + begin)
                begin = end = start = begin + MAX_SENTENCE
            if not whole:
                seen = start
                break
            if begin == end or not _closes(text[start:stop]):
                last, first = text[start:stop], begin == end
            end = stop
        ended = _END_OF_LINE.search(piece) and gap.search(text, end, seen)
        if begin < end and (ended or seen - begin > MAX_SENTENCE):
            yield Sentence(text[begin:end], offset + begin)
            end = begin
        if begin == end:
            begin = end = seen
        text, offset, end, seen, begin = text[begin:], offset + begin, end - begin, seen - begin, 0


def treebank_form(word: str) -> str:
    r"""What the treebank writes for a word: `-LRB-` for a bracket, `\/` for a slash, `#` for a pound, `$` for other money.

    Characters are plain, as `data.characters.plain` makes them; curly quotes and apostrophes become straight ones, dashes
    and an ellipsis are spelt in ASCII. A straight quote is
    taken to close; `treebank_forms` sees which it does.

    Args:
        word: A word as `split_words` gives it.

    Example:
    >>> [treebank_form(word) for word in ("(", "1/2", "\u201c", "n\u2019t", "\u2014", "U.S.")]
    ['-LRB-', '1\\/2', '``', "n't", '--', 'U.S.']
    """
    form = plain(word.translate(CHARACTERS) or word)
    if re.fullmatch(r"\.{2,}", form):
        return "..."
    if re.fullmatch(r"-{2,}|[\u2012-\u2015]+", form):
        return "--"
    return FORMS.get(form) or re.sub(r"(?<!\\)[/*]", r"\\\g<0>", form.replace("\u2013", "-"))


def treebank_forms(words: Sequence[str]) -> list[str]:
    """What the treebank writes for the words of a sentence: as `treebank_form`, but `"` in turn opens and closes.

    Quotes of other kinds count, too. One that has no fellow closes at the end, and between a comma and a small letter:
    there the sentence began inside the quotation.

    Args:
        words: The words of one sentence.

    Example:
    >>> treebank_forms(['"', "No", ",", '"', "she", "said", "."])
    ['``', 'No', ',', "''", 'she', 'said', '.']
    """
    forms: list[str] = []
    words = [plain(word) for word in words]
    quoted, lone = False, words.count('"') % 2 == 1
    for previous, word, following in zip(["", *words], words, [*words[1:], ""], strict=False):
        closes = quoted or not following or (lone and previous == "," and following[0].islower())
        forms.append("``" if word == '"' and not closes else treebank_form(word))
        if forms[-1] in ("``", "''"):
            quoted = forms[-1] == "``"
    return forms


def _cuts(word: str, text: str, start: int) -> list[int]:
    """Where to cut a word that starts at `start` of the text."""
    stop, cuts = len(word), []
    if stop > 1 and word[-1] == "." and not _keeps_period(word[:-1], text, start + stop):
        stop -= 1
        cuts.append(start + stop)
    if "'" in word or "\u2019" in word:
        while match := _CLITIC.search(word, max(1, stop - 3), stop):
            stop = match.start()
            cuts.append(start + stop)
    if stop <= 6 and (first := JOINED.get(word[:stop].lower().replace("\u2019", "'"))):
        cuts.append(start + first)
    return cuts[::-1]


def _keeps_period(word: str, text: str, end: int) -> bool:
    if text[end : end + 1] in (",", ";", ":") or _abbreviates(word):  # the former: one that is not in the list
        return True
    if _part(word) in NUMBERED and _NUMBER.match(text, end):
        return True
    spaces = _SPACES.match(text, end)  # before a small letter it ends no sentence, and clitics are no abbreviations
    goes_on = spaces is not None and is_lower(text[spaces.end() : spaces.end() + 1] or " ")
    return goes_on and word[-1].isalpha() and word.lower() not in ENDINGS and not re.search("['\u2019]", word)


def _part(word: str) -> str:
    """What follows the last hyphen or slash."""
    return re.split("[-/]", word)[-1]


def _abbreviates(word: str) -> bool:
    part = _part(word)
    known = part in ABBREVIATIONS or (part.isupper() and part.capitalize() in ABBREVIATIONS)
    return known or _INITIALS.fullmatch(part) is not None


def _closes(word: str) -> bool:
    return word in CLOSERS or not word.strip(_CLOSING)


def _ends(word: str, first: bool, following: str) -> bool:
    """Whether a sentence ends between two words; `first`: whether it begins with the former."""
    marked = _REFERENCES.sub("", word).rstrip(_CLOSING)
    if marked[-1:] not in (".", "!", "?", "\u2026") or _closes(following):
        return False
    begin = following.lstrip(_OPENING)
    if begin[:1].islower() or begin[:1] in (*",;:.!?)]}%&\u2026",):
        return False
    word = marked[:-1].lstrip(_OPENING)
    if marked[-1] != "." or word.endswith("."):
        return True
    if word in TITLES or (first and (word.isdecimal() or _INITIALS.fullmatch(word))):
        return False
    if _part(word) in NUMBERED and _NUMBER.match(following):
        return False
    return not _abbreviates(word) or re.findall(r"^[^\W_]*\.?", begin)[0] in _BEGINNERS
