"""What a group must look like after each step, worked out in the simplest way: plain dicts, no database.

The model is told what somebody does; it says what everybody's status, seat, place on the list and news is
then, or with which code the service must refuse.
"""

from tests.integration.booking.group_model.hours import Hours
from tests.integration.booking.group_model.leaders import Leaders
from tests.integration.booking.group_model.people import People


class Model(People, Leaders, Hours):
    """The whole of it, by idea: how it stands, what people do, what those who lead do, what time does."""
