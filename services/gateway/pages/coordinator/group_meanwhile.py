"""A group that somebody else has changed while its form was open: what stands now beside what was typed."""

from collections.abc import Mapping
from typing import Any

from services.contracts.booking.groups import ManagedGroup
from services.gateway.forms import Form
from services.gateway.pages.coordinator import meanwhile
from services.gateway.pages.coordinator.group_form import MOST_LEADERS, form_of
from services.gateway.pages.words import N_, Say

LABELS: Mapping[str, str] = {
    "name_fi": N_("Name in Finnish"),
    "name_sv": N_("Name in Swedish"),
    "name_en": N_("Name in English"),
    "description_fi": N_("What the group is, in Finnish"),
    "description_sv": N_("What the group is, in Swedish"),
    "description_en": N_("What the group is, in English"),
    "theme": N_("Theme"),
    "organisation": N_("Organisation"),
    "languages": N_("Languages"),
    "by_acceptance": N_("Whoever leads the group accepts each one who enrols."),
    "capacity": N_("How many places?"),
    "room_limit": N_("Room limit"),
}
LEADERS = N_("Who leads it?")
OPTIONS = ("theme_options", "organisation_options", "spoken_options", "leader_options")


def differing(
    typed: Form, managed: ManagedGroup, choices: Mapping[str, Any], say: Say
) -> list[tuple[str, str]]:
    """The fields in which the two differ, in their order: the label of each, and what stands now."""
    newer = form_of(managed)
    words = {value: name for options in OPTIONS for value, name in choices[options]}
    words |= {"yes": say("Yes"), "no": say("Not ticked")} | {
        str(host.id): host.display_name for host in managed.facilitators
    }
    lines = list(meanwhile.differing(typed, newer, LABELS))
    if _leaders(typed) != _leaders(newer):
        lines.append((LEADERS, _leaders(newer)))
    return [
        (say(label), ", ".join(words.get(one, one) for one in now) or meanwhile.EMPTY)
        for label, now in lines
    ]


def _leaders(form: Form) -> list[str]:
    return [one for row in range(1, MOST_LEADERS + 1) for one in meanwhile.all_of(form, f"leader-{row}")]
