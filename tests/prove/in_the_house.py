"""A19, A20, A24: the journeys of tests/e2e over one running copy, looked at more often."""

from tests.e2e import test_promises
from tests.prove.proof import Run
from tests.support.stack import Stack, running_stack

LOOKS = 500


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


async def dumps(run: Run) -> None:
    stack = await _stack(run)
    found = await _fails(run, test_promises.test_nothing_stored_can_be_turned_into_a_link(stack))
    run.none("tokens in any table, plain or encoded", found)


async def logs(run: Run) -> None:
    stack = await _stack(run)
    journey = test_promises.test_no_name_address_words_or_token_reaches_a_log_a_stream_or_an_error(stack)
    run.none("names, addresses, words, tokens in logs, streams, errors", await _fails(run, journey))


async def _fails(run: Run, journey: object) -> int:
    try:
        await journey  # type: ignore[misc]
    except AssertionError as error:
        run.errors.append(str(error)[:500])
        return 1
    return 0
