"""Addresses, read by ourselves: mail libraries take a list where one address is meant."""

import re
from email.headerregistry import Address
from email.utils import parseaddr

# One mailbox and nothing else: no list, no comment, no quoting, no space, no control character.
_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ONE = re.compile(rf"(?=[^@]{{1,64}}@){_WORD}(\.{_WORD})*@[\w-]+(\.[\w-]+)*", re.ASCII)
_LONGEST = 254


def one_address(text: str) -> str:
    """The single address that `text` is, or ValueError (which quotes nothing).

    Not asked of the library, which reads a whole grammar for it: a twentieth of what a message costs.
    """
    local, at, domain = text.rpartition("@")
    try:
        ascii_text = f"{local}{at}{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise ValueError("not an address") from None
    if len(ascii_text) > _LONGEST or not _ONE.fullmatch(ascii_text):
        raise ValueError("not an address")
    return ascii_text


def is_one_address(text: str) -> bool:
    """Of what `one_address` has made: whether it is still fit to stand in a header and an envelope."""
    return len(text) <= _LONGEST and _ONE.fullmatch(text) is not None


def parse_mailbox(text: str) -> Address:
    """`Name <address>` or an address alone, as settings have it."""
    name, address = parseaddr(text)
    only = Address(addr_spec=one_address(address))
    return Address(display_name=" ".join(name.split()), username=only.username, domain=only.domain)
