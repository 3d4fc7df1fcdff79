"""Texts as people write them, and the words that they are; one table for Python and for the served graph."""

SPELLINGS = {
    "\u201cfour\u201d \u2018two\u2019": ["four", "two"],
    "\u00abFOUR\u00bb \u201etwo\u201c": ["four", "two"],
    "'four' ''two''": ["four", "two"],
    "four\u2013two": ["four", "two"],
    "four \u2014 two": ["four", "two"],
    "four\u2011two\u2026": ["four", "two"],
    "(four) [two]": ["four", "two"],
    "{four}_two": ["four", "two"],
    "\uff14\uff12": ["four", "two"],
    "\uff26\uff2f\uff35\uff32\u3000two": ["four", "two"],
    "\u0664 \u0968": ["four", "two"],
    "\U0001d7d2 \u00b2": ["four", "two"],
    "\ufefffour\u00a0two\u200b": ["four", "two"],
    "\u2474 four\u3002": ["one", "four"],
    "\u00bffour? \u00a1two!": ["four", "two"],
    '"4","2"': ["four", "two"],
}
UNKNOWN = {"caf\u00e9": "cafe\u0301", "cafe\u0301": "cafe\u0301", "4+2": "4+2", "don\u2019t": "don't", "\u2163": "iv"}
"""Words that the model does not have, as messages name them."""
