"""What the queue lab counts and shows."""

from taskoverflow.queue_lab import tally as tallies
from taskoverflow.queue_lab.queues import Message, UnknownQueue, parse_position
from taskoverflow.queue_lab.screen import readable
from taskoverflow.queue_lab.tally import OTHERS, Counts, Tally


def message(number: int, client: str = "A", run: int = 1, receives: int = 1) -> Message:
    return Message(f"Message {number}", client, (run, number), receives, ())


def test_order_and_duplicates_are_counted_for_each_publisher():
    tally = Tally()
    assert tally.add(message(1)) == []
    assert tally.add(message(0)) == ["out of order"]
    assert tally.add(message(0, "B")) == []
    assert tally.add(message(0, receives=2)) == ["out of order", "duplicate", "delivered again"]
    assert tally.add(message(0, run=2)) == ["duplicate"]  # a second send begins anew
    counts = {name: vars(counts) for name, counts in tally.publishers.items()}
    assert counts == {
        "A": vars(Counts(received=4, out_of_order=2, duplicates=2, redelivered=1, latest=(2, 0))),
        "B": vars(Counts(received=1, latest=(1, 0))),
    }
    assert tally.total("received") == 5


def test_the_memory_for_messages_and_publishers_is_bounded(monkeypatch):
    monkeypatch.setattr(tallies, "REMEMBERED", 10)
    monkeypatch.setattr(tallies, "PUBLISHERS", 3)
    tally = Tally()
    for number in range(100):
        tally.add(message(number, client=f"C{number}"))
    assert set(tally.publishers) == {"C0", "C1", "C2", OTHERS}
    assert tally.total("received") == 100
    assert len(tally._seen) == 10


def test_what_is_shown_is_one_line_of_printable_text():
    assert readable("\x1b[2J\r\n\x9b\u202e\ud800ok") == r"\x1b[2J\r\n\x9b\u202e\ud800ok"
    assert readable("x" * 1000) == "x" * 200 + "…"


def test_a_position_that_makes_no_sense_is_the_time_of_sending():
    assert parse_position("17-4", 99) == (17, 4)
    for text in ("", "17", "-1-2", "1-2-3", "٣-٤", "9" * 50 + "-1"):
        assert parse_position(text, 99) == (99, 0)


def test_a_long_list_of_queues_is_cut():
    error = UnknownQueue("nope", [f"q{number}" for number in range(1000)])
    assert str(error).endswith("q18, q19 and 980 more.")
