"""How fast it is: the whole system as `make run` starts it, beside the least a server could do here."""
