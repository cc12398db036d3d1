"""A few hundred todos of hostile and international text, as the API takes them."""

# ruff: noqa: RUF001  (text that looks like other text is the point)

from datetime import datetime, timedelta
from itertools import cycle
from typing import NamedTuple


class Nasty(NamedTuple):
    """A todo to be; `deadline` is in UTC."""

    title: str
    description: str | None
    deadline: datetime | None
    completed: bool


GAP = " " * 160
INJECTIONS = [
    "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:evil",
    "x\nDTSTART:20200101T000000Z",
    "x\rSUMMARY:evil",
    "x\x85SUMMARY:evil\x85",
    "x\u2028SUMMARY:evil\u2029END:VCALENDAR",
    "x\x0bSUMMARY:evil\x0cSUMMARY:evil\x1c\x1d\x1e",
    "BEGIN:VCALENDAR",
    "END:VCALENDAR",
    "SUMMARY;ENCODING=QUOTED-PRINTABLE:=0D=0AEND:VEVENT",
    "SUMMARY;LANGUAGE=en:a;b:c,d",
    "=?UTF-8?B?RU5EOlZFVkVOVA==?=",
    "<script>alert(1)</script> &amp; <b>",
    "'; DROP TABLE todo; --",
    "$(rm -rf ~) `id` | tee; %s %n {title} {{7*7}} ${HOME}",
    "../../etc/passwd",
    '=HYPERLINK("http://evil.example")',
]
ESCAPES = [
    r"C:\New\notes\today",
    r"a\nb",
    r"a\Nb",
    r"a\\nb",
    r"\;\,\:",
    "\\",
    "\\\\\\",
    "ends in \\",
    ";;;,,,:::",
    "comma, semicolon; colon: \"quoted\" 'single'",
    "^n ^^ ^' carets",
    "one\ntwo\n\nfour",
    "tab\tand\ttab",
    "two  spaces   three",
    f"a gap{GAP}of more than two lines",
    '"quoted" and \\"escaped\\"',
    "percent %20 %0D%0A",
    "\x01\x02\x07\x1b[31mred\x1b[0m\x7f",
    "soft\u00adhyphen, no\u00a0break, zero\u200bwidth",
]
SCRIPTS = [
    "Straße überqueren, Äpfel essen",
    "Déjà vu à Noël: l’œuvre",
    "¿Dónde está el niño?",
    "Zażółć gęślą jaźń",
    "Příliš žluťoučký kůň",
    "Árvíztűrő tükörfúrógép",
    "Þjóðvegur, ísbjörn",
    "İstanbul'da ışık",
    "Tiếng Việt: đường phố",
    "Ελέγξτε το έγγραφο",
    "Съешь ещё этих булок",
    "Україна: їжак, ґанок",
    "Հայերեն տառեր",
    "ქართული ანბანი",
    "לקנות חלב (2%)",
    "اشترِ الحليب، والخبز؛ غدًا",
    "فارسی: خرید ۱۲ نان",
    "اردو میں یاد دہانی",
    "हिन्दी में कार्य",
    "বাংলা কাজ",
    "தமிழ் பணி",
    "తెలుగు పని",
    "ಕನ್ನಡ ಕೆಲಸ",
    "മലയാളം ജോലി",
    "සිංහල කාර්යය",
    "ภาษาไทยไม่มีช่องว่าง",
    "ພາສາລາວ",
    "ខ្មែរ",
    "မြန်မာ",
    "አማርኛ ሥራ",
    "བོད་ཡིག",
    "ᠮᠣᠩᠭᠣᠯ",
    "資料を確認する",
    "买牛奶，鸡蛋；面包",
    "買牛奶、雞蛋",
    "우유 사기",
    "ㅎㅏㄴㄱㅡㄹ 자모",
    "𠮷野家 𩸽",
    "ᚠᚢᚦᚨᚱᚲ",
    "𒀀𒁀 𓀀𓁐",
]
SYMBOLS = [
    "😀",
    "👩\u200d👩\u200d👧\u200d👦 family",
    "👍🏽 🇦🇺 1️⃣ ✓",
    "Z̷̡͎a̵l̶g̸o̷",
    "e\u0301 is not \u00e9",
    "\u202eevil\u202c \u2066isolated\u2069",
    "\ufeffbyte order mark",
    "\ufffd \ufffe \uffff \U0010ffff",
    "\ue000 private \U000f0000",
    "∀x∈ℝ: ⌈x⌉ ≠ ½ ﷽ Ⅷ ﬁ",
]
LONG = ["a" * 255, "😀" * 255, "日" * 255, "\\" * 255, "; " * 127, "é," * 127, "word " * 50 + "x"]
# Each of these stands across the place where a line is folded, at every offset.
ACROSS_THE_FOLD = ["\\\\", ";", "é", "日", "😀", "\n", "👩\u200d🚀"]
FOLDED = ["t" * width + end + "x" for width in range(58, 78) for end in ACROSS_THE_FOLD]
TITLES = [*INJECTIONS, *ESCAPES, *SCRIPTS, *SYMBOLS, *LONG, *FOLDED]

DESCRIPTIONS = (
    None,
    "one line",
    "first\nsecond\n\nfourth; with, all \\ of it",
    "日本語の説明 😀\n" * 40,
)
# Of the calendar's edges: before and after 1970, a leap day, year's ends, changes of summer time.
MOMENTS = [
    datetime(1970, 1, 1),
    datetime(1969, 12, 31, 23, 59, 59),
    datetime(1999, 12, 31, 23, 30),
    datetime(2000, 2, 29, 12),
    datetime(2024, 2, 29),
    datetime(2026, 3, 29, 1, 30),
    datetime(2026, 10, 25, 0, 59, 59),
    datetime(2038, 1, 19, 3, 14, 7),
    datetime(2038, 1, 19, 3, 14, 8),
    datetime(2100, 2, 28, 23, 59, 59),
]
STEP = timedelta(days=3, hours=7, minutes=11, seconds=13)


def corpus() -> list[Nasty]:
    """All of it: the same each time, every title with a deadline and some without one again."""
    spread = [datetime(2026, 1, 1) + STEP * number for number in range(len(TITLES))]
    deadlines = [*MOMENTS, *spread[len(MOMENTS) :]]
    described = zip(TITLES, cycle(DESCRIPTIONS), deadlines, strict=False)
    dated = [
        Nasty(title, description, deadline, completed=number % 3 == 0)
        for number, (title, description, deadline) in enumerate(described)
    ]
    undated = [Nasty(title, None, None, completed=False) for title in TITLES[::7]]
    return dated + undated
