"""What goes over the line to a mail server, and what is read of its answers."""

from typing import Any

import pytest

from services.notify.senders.conversation import Conversation, as_text


class Wire:
    """The end that is ours, without a server."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def set_protocol(self, _: Any) -> None:
        pass

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


def a_conversation() -> tuple[Conversation, Wire]:
    wire = Wire()
    return Conversation(wire, pipelining=True), wire  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mail", "text"),
    [
        (b"A: b\r\n\r\nwords\r\n", b"A: b\r\n\r\nwords\r\n."),
        (b"A: b\n\nwords", b"A: b\r\n\r\nwords\r\n."),
        (b"A: b\r\n\r\n.\r\n..two\r\nno.dot\r\n", b"A: b\r\n\r\n..\r\n...two\r\nno.dot\r\n."),
        (b".first\r\n", b"..first\r\n."),
        (b"a\n.\nb\r.\rc\r\n.\r\n", b"a\r\n..\r\nb\r\n..\r\nc\r\n..\r\n."),
        (b"a\n\r.\r\n", b"a\r\n\r\n..\r\n."),
    ],
)
def test_a_dot_at_the_beginning_of_a_line_never_ends_the_text(mail: bytes, text: bytes) -> None:
    assert as_text(mail) == text


async def test_what_is_said_together_goes_out_together_and_is_answered_in_order() -> None:
    conversation, wire = a_conversation()
    answers = conversation.speak(b"MAIL", b"RCPT", b"DATA")
    conversation.data_received(b"250 ok\r\n55")
    conversation.data_received(b"0-no\r\n550 really\r\n354 go on\r\n")
    assert wire.written == [b"MAIL\r\nRCPT\r\nDATA\r\n"]
    assert [answer.result() for answer in answers] == [250, 550, 354]


async def test_a_lost_line_ends_every_wait() -> None:
    conversation, _ = a_conversation()
    (answer,) = conversation.speak(b"MAIL")
    conversation.connection_lost(None)
    with pytest.raises(ConnectionResetError):
        await answer


async def test_an_answer_that_nobody_waits_for_any_more_is_not_taken_for_the_next() -> None:
    conversation, _ = a_conversation()
    first, second = conversation.speak(b"MAIL", b"RCPT")
    first.cancel()
    conversation.data_received(b"250 late\r\n550 no\r\n")
    assert second.result() == 550


@pytest.mark.parametrize("words", [b"421 closing\r\n", b"hello\r\n", b"x" * 10_000])
async def test_what_speaks_unasked_or_is_no_mail_server_is_not_spoken_to(words: bytes) -> None:
    conversation, wire = a_conversation()
    conversation.data_received(words)
    assert wire.closed
    assert not conversation.is_open
    with pytest.raises(ConnectionResetError):
        conversation.speak(b"MAIL")


async def test_a_word_in_place_of_a_code_ends_the_conversation() -> None:
    conversation, wire = a_conversation()
    (answer,) = conversation.speak(b"MAIL")
    conversation.data_received(b"hello\r\n")
    assert wire.closed
    conversation.connection_lost(None)
    assert isinstance(answer.exception(), OSError)


async def test_a_wait_ends_when_its_time_is_over_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.notify.senders.conversation.LOOK_SECONDS", 0.001)
    conversation, _ = a_conversation()
    loop = conversation.loop
    first, second, third = conversation.speak(b"MAIL", b"RCPT", b"DATA")
    with pytest.raises(TimeoutError):
        await conversation.heard(first, until=loop.time())

    loop.call_later(0.02, conversation.data_received, b"250 late\r\n550 no\r\n")
    assert await conversation.heard(second, until=loop.time() + 60) == 550

    with pytest.raises(TimeoutError):
        await conversation.heard(third, until=loop.time())
