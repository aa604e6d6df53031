-- The themes by which the field speaks of its help. New ones come as new migrations.

INSERT INTO theme (id, position, name_fi, name_sv, name_en) VALUES
    ('keskusteluapu', 1, 'Keskusteluapu', 'Samtalsstöd', 'Someone to talk to'),
    ('neuvonta-ja-ohjaus', 2, 'Matalan kynnyksen neuvonta ja ohjaus', 'Rådgivning och vägledning med låg tröskel', 'Easy-to-reach advice and guidance'),
    ('kriisiauttaminen', 3, 'Kriisiauttaminen', 'Krishjälp', 'Help in a crisis'),
    ('tukihenkilotoiminta', 4, 'Tukihenkilötoiminta', 'Stödpersonsverksamhet', 'A support person'),
    ('vertaistuki', 5, 'Vertaistuki', 'Kamratstöd', 'Peer support'),
    ('arjen-apu', 6, 'Arjen apu', 'Hjälp i vardagen', 'Help in everyday life'),
    ('digineuvonta', 7, 'Digineuvonta', 'Digital rådgivning', 'Help with phones and computers'),
    ('talousneuvonta', 8, 'Talousneuvonta', 'Ekonomisk rådgivning', 'Money and debt advice'),
    ('asumisneuvonta', 9, 'Asumisneuvonta', 'Boenderådgivning', 'Housing advice'),
    ('elintapaohjaus', 10, 'Elintapaohjaus', 'Levnadsvanor', 'Healthy habits'),
    ('omaishoito', 11, 'Omaishoito', 'Närståendevård', 'Caring for a relative'),
    ('sairastuneen-ja-laheisen-tuki', 12, 'Sairastuneen ja läheisen tuki', 'Stöd för den som insjuknat och för närstående', 'Support in illness, also for those close'),
    ('lapsiperheet', 13, 'Lapsiperheet', 'Barnfamiljer', 'Families with children'),
    ('mielenterveys', 14, 'Mielenterveys', 'Psykisk hälsa', 'Mental health'),
    ('paihteet-ja-riippuvuudet', 15, 'Päihteet ja riippuvuudet', 'Rusmedel och beroenden', 'Alcohol, drugs and addictions'),
    ('vakivalta', 16, 'Väkivalta', 'Våld', 'Violence'),
    ('yksinaisyys-ja-ystavatoiminta', 17, 'Yksinäisyys ja ystävätoiminta', 'Ensamhet och vänverksamhet', 'Loneliness and friendship'),
    ('maahanmuutto-ja-kotoutuminen', 18, 'Maahanmuutto ja kotoutuminen', 'Invandring och integration', 'Moving to Finland and settling in'),
    ('vapaaehtoistoiminta', 19, 'Vapaaehtoistoiminta', 'Frivilligverksamhet', 'Volunteering');
