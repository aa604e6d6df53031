"""The whole system on one machine with Python alone: real servers, the same services, demo data.

`python -m deploy.embedded` runs it. Tests take single parts of it: `Postgres`, `Nats` and
`provision.prepare_database`.
"""
