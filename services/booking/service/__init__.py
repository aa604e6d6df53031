"""What can be asked of booking: one function per use case, each in a transaction of its own."""
