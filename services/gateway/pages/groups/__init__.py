"""Remote groups: looking through them, enrolling, and the page behind a group's link."""
