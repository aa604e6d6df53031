"""What the system promises, proven under fault: `make prove`, or `python -m tests.prove A2 A5 --seed 7`.

A proof is a file here. It starts what it needs, keeps a journal of every answer that was given, does harm,
and compares the journal with the database afterwards. Where a guard keeps the promise, the same is done
without it, and must then be broken.
"""
