"""Notify, put together."""

from datetime import timedelta
from urllib.parse import urlsplit

from services.contracts.links import parse_keys
from services.notify.config import Config
from services.notify.domain import QuietHours
from services.notify.groups.few_a_day import FewADay
from services.notify.groups.wording import GroupWording
from services.notify.handlers import handlers
from services.notify.jobs import Dispatch, jobs
from services.notify.lateness import Sendings, questions
from services.notify.letters import Letters
from services.notify.senders.addresses import parse_mailbox
from services.notify.senders.connection import SmtpServer, greeting_name
from services.notify.senders.email import Email
from services.notify.senders.letter import Channel
from services.notify.senders.sms import Sms
from services.notify.sending import Sending
from services.notify.subscribers import subscriptions
from services.notify.timekeeping import DatabaseTime
from services.notify.wording import Wording
from services.notify.writing import Writer
from services.runtime.main import Parts, Service


def build(parts: Parts, settings: Config) -> Service:
    time = DatabaseTime(parts.clock)
    sender = parse_mailbox(settings.mail_from)
    quiet = QuietHours(settings.time_zone, settings.quiet_from, settings.quiet_until)
    email = Email(
        SmtpServer.parse(settings.smtp_url),
        sender=sender,
        reply_to=parse_mailbox(settings.mail_reply_to) if settings.mail_reply_to else None,
        greeting=greeting_name(urlsplit(settings.public_url).hostname or "localhost"),
        clock=time,
    )
    keys = parse_keys(settings.link_keys)
    writer = Writer(
        public_url=settings.public_url,
        zone=settings.time_zone,
        keys=keys,
        organizer=sender.addr_spec,
    )
    letters = Letters(
        db=parts.db,
        bus=parts.bus,
        clock=parts.clock,
        time=time,
        wording=Wording(writer),
        of_groups=GroupWording(writer),
    )
    sending = Sending(
        letters=FewADay(letters, writer=writer, key=keys[0].secret, db=parts.db, time=time, quiet=quiet),
        time=time,
        senders={Channel.EMAIL: email, Channel.SMS: Sms(settings.sms_url, settings.sms_token)},
        quiet=quiet,
    )
    dispatch = Dispatch(
        sending, db=parts.db, time=time, sendings=Sendings(parts.measures), traces=parts.bus.traces
    )
    return Service(
        handlers=handlers(parts.db, wake=dispatch.wake),
        subscriptions=subscriptions(clock=time, quiet=quiet, wake=dispatch.wake),
        jobs=jobs(
            dispatch,
            db=parts.db,
            time=time,
            zone=settings.time_zone,
            kept=timedelta(days=settings.keep_messages_days),
        ),
        questions=questions(time),
    )
