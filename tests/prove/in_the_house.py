"""A19, A20, A24: the journeys of tests/e2e over one running copy, looked at more often."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

from services.runtime.spans import Spans
from tests.e2e import test_promises, test_traces
from tests.e2e.test_promises import a_slot, book, facts
from tests.prove.proof import Run
from tests.support.collector import Collector
from tests.support.stack import Stack, running_stack
from tests.support.telling import telling_stack

LOOKS = 500
PLANTED = "kanarialintu-joka-lauloi"


async def _stack(run: Run) -> Stack:
    return await run.ground.shared("stack", lambda folder: running_stack(folder))


async def scanners(run: Run) -> None:
    """Each link is fetched and asked for its head as often."""
    stack = await _stack(run)
    kept, test_promises.LOOKS = test_promises.LOOKS, LOOKS
    try:
        changed = await _fails(
            run, test_promises.test_looks_at_every_link_change_nothing_and_the_button_still_works(stack)
        )
    finally:
        test_promises.LOOKS = kept
    run.none(f"changes by {2 * LOOKS} looks at every link; then the button works", changed)


async def a_look_that_acts(run: Run) -> None:
    """What the button does is a difference to the same comparison."""
    stack = await _stack(run)
    expert = await stack.an_expert()
    slot_id = await a_slot(stack, expert, datetime.now(UTC) + timedelta(days=2))
    booking = await book(stack, slot_id, email="painaja@posti.example")
    before = await facts(stack)
    token = str(booking["manage_url"]).rpartition("/")[2]
    status, _ = await stack.api("POST", f"/t/{token}/cancel")
    differing = sum(one != other for one, other in zip(before, await facts(stack), strict=True))
    run.control(
        "a button", f"{differing} tables changed by one press", broke=status == 200 and differing > 0
    )


async def dumps(run: Run) -> None:
    stack = await _stack(run)
    found = await _fails(run, test_promises.test_nothing_stored_can_be_turned_into_a_link(stack))
    run.none("tokens in any table, plain or encoded", found)


async def a_kept_token(run: Run) -> None:
    """A table that keeps one, plain or as bytes."""
    stack = await _stack(run)
    await stack.sql("CREATE TABLE notify.planted (plain text, bytes bytea)")
    found = []
    try:
        for plain, as_bytes in ((PLANTED, b""), ("", PLANTED.encode())):
            await stack.sql("INSERT INTO notify.planted VALUES ($1, $2)", plain, as_bytes)
            found += test_promises.kept_secrets(await test_promises.dump(stack), [PLANTED])
            await stack.sql("DELETE FROM notify.planted")
    finally:
        await stack.sql("DROP TABLE notify.planted")
    run.control("digests", f"{len(found)} of 2 kept tokens found", broke=len(found) == 2)


async def _told(run: Run) -> tuple[Stack, Collector]:
    return await run.ground.shared("told", telling_stack)


async def logs(run: Run) -> None:
    """And traces, where somebody has them told."""
    told = await _told(run)
    journey = test_promises.test_no_name_address_words_or_token_reaches_a_log_a_stream_or_an_error(told[0])
    run.none("names, addresses, words, tokens in logs, streams, errors", await _fails(run, journey))
    again = test_traces.test_no_name_address_words_or_token_is_told_in_a_trace(told)
    run.none("the same and themes in traces", await _fails(run, again))
    run.at_least("spans looked through", len(told[1].spans), 50)


async def a_loose_tongue(run: Run) -> None:
    """A log that says a name, plainly or encoded, and a trace that does."""
    stack, collector = await _told(run)
    log = stack.folder / "log" / "planted.log"
    found = []
    try:
        for said in (PLANTED, b64encode(PLANTED.encode()).decode()):
            log.write_text(f'{{"event":"request.answered","who":"{said}"}}\n')
            found += test_promises.spoken_of(await test_promises.overheard(stack), [PLANTED])
    finally:
        log.unlink(missing_ok=True)
    run.control("care what is logged", f"{len(found)} of 2 planted names found", broke=len(found) == 2)
    spans = Spans("planted", version="", collector=collector.url, share=1.0)
    spans.page(f"GET /{PLANTED}", "planted").end("200")
    await spans.close()
    heard = test_promises.spoken_of(collector.said, [PLANTED])
    run.control("care what is told", f"{len(heard)} of 1 planted name found", broke=len(heard) == 1)


async def _fails(run: Run, journey: object) -> int:
    try:
        await journey  # type: ignore[misc]
    except AssertionError as error:
        run.errors.append(str(error)[:500])
        return 1
    return 0
