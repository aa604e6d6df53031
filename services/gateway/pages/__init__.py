"""What people see: one file per task. Pages ask, word and render; owners decide."""
