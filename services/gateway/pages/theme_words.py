"""The field's themes in words that somebody seeking help might use. A theme without any stands alone."""

from collections.abc import Mapping

from services.gateway.pages.words import N_

IN_OTHER_WORDS: Mapping[str, str] = {
    "keskusteluapu": N_("Something weighs on me, and I want to talk"),
    "neuvonta-ja-ohjaus": N_("I do not know where to turn"),
    "kriisiauttaminen": N_("Something bad has happened"),
    "tukihenkilotoiminta": N_("I want somebody beside me"),
    "vertaistuki": N_("I want to talk with somebody who has gone through the same"),
    "arjen-apu": N_("Everyday life is too much"),
    "digineuvonta": N_("My phone or computer does not do what I want"),
    "talousneuvonta": N_("The money does not last, or debts weigh on me"),
    "asumisneuvonta": N_("I worry about my home or my rent"),
    "elintapaohjaus": N_("I want to eat, move or sleep better"),
    "omaishoito": N_("I look after somebody close to me"),
    "sairastuneen-ja-laheisen-tuki": N_("I, or somebody close to me, has fallen ill"),
    "lapsiperheet": N_("We have children, and we could do with support"),
    "mielenterveys": N_("I feel anxious or low"),
    "paihteet-ja-riippuvuudet": N_("Drinking, drugs or gambling cause trouble, mine or another's"),
    "vakivalta": N_("Somebody hurts or threatens me, or I am afraid of hurting"),
    "yksinaisyys-ja-ystavatoiminta": N_("I am lonely"),
    "maahanmuutto-ja-kotoutuminen": N_("I have moved to Finland and need advice"),
    "vapaaehtoistoiminta": N_("I want to help others"),
}
