"""What a todo is found by and sorted by: words and a title without case, accents or punctuation.

Python cuts the words, so that SQLite (FTS5) and PostgreSQL (GIN) find the same. Both have these
without an extension, and PostgreSQL's trigrams are one, which a server may lack. Whole words that
begin as asked are served by an index however short they are; a trigram index serves no text of
fewer than three characters, which most Chinese words are.
"""

import re
import unicodedata

# Digits and letters together are a word. A character of a script that puts no space between
# words is one by itself, and so is a symbol: 🎉.
UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff"
ASCII_WORD = re.compile(r"[a-z0-9]+")  # twice as fast as the next, for most texts
WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+|[\u2190-\u2bff\U0001f000-\U0001faff]")
LONGEST_WORD = 64  # characters; PostgreSQL takes 2046 bytes, and nobody types so many
LONGEST_KEY = 255  # characters


def words(*texts: str | None) -> list[str]:
    """The words of some texts, each once."""
    found = dict[str, None]()
    for text in filter(None, texts):
        pattern = ASCII_WORD if text.isascii() else WORD
        found.update(dict.fromkeys(pattern.findall(_folded(text))))
    return list({word[:LONGEST_WORD]: None for word in found})


def title_key(title: str) -> str:
    """By which titles are sorted: "Äpfel" stands before "birnen"."""
    return _folded(title)[:LONGEST_KEY]


def fts5_query(wanted: list[str]) -> str:
    """All words wanted, as beginnings of words (sqlite.org/fts5.html, section 3)."""
    return " AND ".join(f'"{word}"*' for word in wanted)


def tsquery(wanted: list[str]) -> str:
    """The same for PostgreSQL; the words hold no quotes."""
    return " & ".join(f"'{word}':*" for word in wanted)


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
