-- Personal data in a text: what is found, and what is not taken for it.

SELECT * FROM triage.find_pii('Write to ada.brook@example.com or call +44 20 7946 0958 by 5 March 2031.');
SELECT triage.redact('Write to ada.brook@example.com or call +44 20 7946 0958 by 5 March 2031.');
-- of some kinds only
SELECT triage.redact('Write to ada.brook@example.com or call +44 20 7946 0958.', ARRAY['PHONE']);
SELECT triage.redact('Write to ada.brook@example.com.', '{}') AS none;
SELECT triage.redact('Write to ada.brook@example.com.', ARRAY['EMIAL']);
SELECT triage.redact('Write to ada.brook@example.com.', ARRAY['EMAIL', NULL]);
-- what is redacted stays as it is
SELECT triage.redact(triage.redact('ada.brook@example.com, 4111 1111 1111 1111, https://example.com/a'));
-- nothing to read
SELECT count(*) FROM triage.find_pii('');
SELECT count(*) FROM triage.find_pii(NULL);
SELECT triage.redact('') = '' AS empty, triage.redact(NULL) IS NULL AS null_in, triage.redact(NULL, ARRAY['PHONE']) IS NULL;
-- names of people are never found by a pattern
SELECT triage.redact('My name is Ada Brook, my husband is called Tom; we live in Leeds.');

-- findings on one line, for what follows
CREATE FUNCTION pg_temp.found(document text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(kind || ' ' || value, ' | ' ORDER BY start), '-') FROM triage.find_pii(document)
$$;

-- e-mail
SELECT pg_temp.found(t) FROM (VALUES
    ('<o''neil.x+shop@mail.example.co.uk>, "a_b@ex-ample.org".'),
    ('mailto:ada@example.com?subject=box and ada@example.com.'),
    ('Ada@EXAMPLE.com;tom@example.com'),
    ('postmaster@xn--bcher-kva.example and info@bücher.example'),
    ('from ada@example.com请回复'),
    ('icon@2x.png react@18.2.0 @ada ada@localhost a@b @@ a@.com')) AS v(t);

-- web addresses end where the sentence goes on
SELECT pg_temp.found(t) FROM (VALUES
    ('see https://example.com/wiki/Mill_(coffee)), (http://example.org/a?b=c&d=e#f). Thanks'),
    ('[here](https://example.com/a?b=c), www.example.com/x. www.x'),
    ('<a href="https://example.com/p?q=1">x</a> ftp://u:p@host.example/x s3://bucket/key'),
    ('http:// https:// a://b c:/d 10:30')) AS v(t);
-- what is in one is part of it; when nobody asks for links, addresses and cards in it are found
SELECT triage.redact(t), triage.redact(t, ARRAY['EMAIL', 'CREDIT_CARD', 'PHONE'])
FROM (VALUES ('https://example.com/555-123-4567?mail=ada@example.com&card=4111111111111111')) AS v(t);

-- IP addresses, not versions
SELECT pg_temp.found(t) FROM (VALUES
    ('host 192.0.2.17:8080, 198.51.100.0/24, 203.0.113.1-203.0.113.9'),
    ('192.0.2.256, 1.2.3.4.5, 192.0.2.017, 300.1.1.1'),
    ('2001:db8::1, [2001:db8:0:1::a]:443, fe80::1%eth0, ::1, ::ffff:192.0.2.1, 2001:db8:1:2:3:4:5:6'),
    ('std::vector, a::b, 12:30:45, 00:1A:2B:3C:4D:5E, 1:2:3, ::'),
    ('since version 10.15.7.1 and v1.2.3.4, firmware 12.0.1.5, chrome 120.0.6099.109, lib-1.2.3.4'),
    ('ping 1.1.1.1')) AS v(t);

-- cards: brand, length and Luhn
SELECT pg_temp.found(t) FROM (VALUES
    ('4111111111111111, 4111 1111 1111 1111, 4111-1111-1111-1111'),
    ('3782 822463 10005, 3056 930902 5904, 5555555555554444, 2223003122003222, 6011111111111117'),
    ('my Maestro card is 6759 6498 2643 8453'),
    ('4111 1111 1111 1112, 4111111111111112, 1234567812345670'),
    ('paid with 4111111111111111 12/25 123'),
    ('order id 4000000000000000000000, 34111111111111111, a4111111111111111, 4111111111111111b'),
    ('order 675964982643 and parcel 612345678906')) AS v(t);

-- IBAN: length by country and mod 97
SELECT pg_temp.found(t) FROM (VALUES
    ('GB82 WEST 1234 5698 7654 32, gb82west12345698765432, DE89370400440532013000.'),
    ('FR14 2004 1010 0505 0001 3M02 606; NO93 8601 1117 947; MT84MALT011000012345MTLCAST001S'),
    ('GB82 WEST 1234 5698 7654 33, GB82WEST1234569876543, ZZ82WEST12345698765432, xDE89370400440532013000')) AS v(t);

-- US social security numbers: areas, groups and serials that are given
SELECT pg_temp.found(t) FROM (VALUES
    ('SSN 219-09-9998'),
    ('000-12-3456 666-12-3456 900-12-3456 123-00-4567 123-45-0000'),
    ('social security 123 45 6788 or 123456788'),
    ('123 45 6788 and 123456788'),
    ('123-45-67889 1123-45-6788 a123-45-6788 123-45-6788-9 order 123-45-6788')) AS v(t);

-- dates in eight languages
SELECT pg_temp.found(t) FROM (VALUES
    ('2031-05-06, 2031/05/06, 06.05.2031, 6/5/2031, 2031-05-06T07:08:09Z'),
    ('May 5, 2031; May 5th; 5 May 2031; the 5th of May, 2031; Sept. 3, 2031; May 2031'),
    ('am 5. März 2031, 5. Mai; el 5 de mayo de 2031; le 1er août 2031'),
    ('il 5 maggio 2031; 5 de março de 2031; 5 marca 2031 r.; 5 października'),
    ('يوم ٥ مارس ٢٠٣١ و ५ मार्च २०३१ को'),
    ('I may 5 times, we march 3 miles, set 5 alarms, mar 2, in 2031, on Monday'),
    ('1.5.2031 - 6.5.2031, 1.5.2031-6.5.2031, 2031-05-01/2031-05-06, 1/5/2031-6/5/2031'),
    ('31.13.2031, 2031-13-01, 0.5.2031, 1/2, 24/7, python 3.10.12, 12.34.56, 1-2-3'),
    ('born 5/3/80, seit 1.2.31')) AS v(t);

-- telephone numbers
SELECT pg_temp.found(t) FROM (VALUES
    ('+1 (555) 010-9999 ext. 12, +49 (0)30 901820, +4930901820, 0049 30 901820, 1-800-555-0199'),
    ('555-123-4567, (555) 123-4567x89, 555.123.4567; 555-123-4568,555-123-4569'),
    ('Tel.: 030/901820-44, Fax 030 / 90 18 20, 0171 1234567'),
    ('(+49) 30 901820, +(49) 30 901820, 08-695 89 69, 04-8796669, (06)82/597-9190'),
    ('06 12 34 56 78 / 06.12.34.56.78 / 06-12-34-56-78'),
    ('tel:+15550109999 mobile-07700 900123')) AS v(t);
-- the loose forms, only where words speak of calling, in many languages
SELECT pg_temp.found(t) FROM (VALUES
    ('call me on 467 3395'), (E'Phone:\n467 3395'), ('467 3395 (mobile)'), ('467 3395'),
    ('ruf mich an: 1713 456789'), ('appelez le 612 345 678'), ('llámame al 612 345 678'), ('chiamare il 347 123 4567'),
    ('meu celular: 91234 5678'), ('zadzwoń 601 234 567'), ('телефон 8 912 345-67-89'),
    ('اتصل بي على ٥٠١٢٣٤٥٦٧'), ('मुझे कॉल करें ९८७६५ ४३२१०'), ('我的电话13812345678。'), ('電話番号は03ー1234ー5678です'),
    ('전화번호는 010-1234-5678로'), ('โทร 81 234 5678')) AS v(t);

-- and what has been taken for one: parts of a GUID
SELECT pg_temp.found(t) FROM (VALUES
    ('please call about 550e8400-e29b-41d4-a716-446655440000'),
    ('please call about 12345678-1234-1234-1234-123456789012'),
    ('{9b2c1234-5551-2345-6789-012345678901} phone'),
    ('8f14e45f-ceea-467a-9575-5512345678')) AS v(t);
-- orders, parcels, invoices, serial and part numbers
SELECT pg_temp.found(t) FROM (VALUES
    ('call me about order 5403926876'), ('order no. 555-123-4567 is late'), ('order 113-1234567-1234567'),
    ('tracking 1Z 999 AA1 01 2345 6784'), ('parcel 9400 1000 0000 0000 0000 00, 00340434161094042557'),
    ('INV-2031-123456 ORD-555-123-4567 WH-1000-555-1234'), ('#5551234567'), ('IMEI 490154203237518, serial 5551234567'),
    ('Bestellung 5403926876, commande 540 392 687, pedido 5403926876, طلب ٥٤٠٣٩٢٦٨٧٦')) AS v(t);
-- versions, prices, amounts, times, coordinates, hashes, ISBN, files, addresses
SELECT pg_temp.found(t) FROM (VALUES
    ('version 10.15.7, 3.11.4, build 19045.3803'),
    ('$1,234,567.89, 1.234.567,89 €, 1 234 567 EUR, USD 1234567, 12.345.678'),
    ('at 12:34:56, 1712345678, 20310506123456'),
    ('40.712776, -74.005974; 52.5200066 13.404954; 40.712776,-74.005974'),
    ('d41d8cd98f00b204e9800998ecf8427e 4111111111111111abcdef da39a3ee5e6b4b0d3255bfef95601890afd80709'),
    ('call: ISBN 978-3-16-148410-0, 0-306-40615-2, 9783161484100'),
    ('IMG_20310506_123456.jpg, scan-555-123-4567.pdf, 20310506_12345678.txt'),
    ('I live at 742 3368 Evergreen Terrace, 5533 119 Main Street'),
    ('2014 - 2015, 1998-2004, scores 21-15 21-17 19-21, lotto 12 23 34 45 56 67, GSM 900/1800'),
    ('license 6940579, account 12345678, sort code 12-34-56, zip 12345-6789, 01234-5678')) AS v(t);

-- digits and signs written otherwise are the same; offsets are those of the original
SELECT v.what, p.kind, p.start, p.length, substr(v.t, p.start, p.length) = p.value AS same, triage.redact(v.t)
FROM (VALUES
    ('full width', 'card ４１１１　１１１１　１１１１　１１１１!'),
    ('Arabic-Indic', 'بطاقة ٤١١١ ١١١١ ١١١١ ١١١١ شكرا'),
    ('Devanagari', 'कार्ड ४१११ ११११ ११११ ११११ है'),
    ('mathematical', 'card 𝟒𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 ok'),
    ('zero width', 'card 4111' || chr(8203) || '1111' || chr(8205) || '1111' || chr(65279) || '1111 ok'),
    ('soft hyphens', 'card 4111' || chr(173) || '1111' || chr(173) || '1111' || chr(173) || '1111 ok'),
    ('no-break spaces', 'card 4111' || chr(160) || '1111' || chr(8239) || '1111' || chr(8199) || '1111 ok'),
    ('no-break hyphens', 'card 4111' || chr(8209) || '1111' || chr(8211) || '1111' || chr(8722) || '1111 ok'),
    ('keycaps', 'call 5️⃣5️⃣5️⃣-1️⃣2️⃣3️⃣-4️⃣5️⃣6️⃣7️⃣ ok'),
    ('struck through', 'card 4' || chr(822) || '111 1111 1111 111' || chr(822) || '1' || chr(822) || ' ok'),
    ('bidi controls', chr(8238) || '4111 1111 1111 1111' || chr(8236) || ' ok'),
    ('Cyrillic a', 'mail ada@exаmple.com ok'),
    ('full width @', 'mail ada＠example．com ok'),
    ('Cyrillic er', 'httрs://example.com/login ok'),
    ('after emoji', '😀👍🏽 é ada@example.com ok'),
    ('decomposed', 'cafe' || chr(769) || ' ada@example.com ok'),
    ('IBAN', 'ＤＥ８９ ３７０４ ００４４ ０５３２ ０１３０ ００ ok'),
    ('IPv4', 'host １９２.０.２.１７ ok')) AS v(what, t), triage.find_pii(v.t) p;

-- training reads redacted text, and so may be stored what is stored
SHOW support_triage.redact_stored_text;
CREATE ROLE regress_st_pii;
SET ROLE regress_st_pii;
SET support_triage.redact_stored_text = off;
RESET ROLE;
DROP ROLE regress_st_pii;

CREATE TABLE mails (body text, label text);
INSERT INTO mails SELECT format('my address is person%s@example.com and I %s', i, w), l
FROM generate_series(1, 20) AS i, (VALUES ('want a refund', 'refund'), ('cannot log in', 'login')) AS v(w, l);
SET client_min_messages = warning;
SELECT labels FROM triage.train('redacted', 'SELECT body, label FROM mails');
SET support_triage.redact_stored_text = off;
SELECT labels FROM triage.train('plain', 'SELECT body, label FROM mails');
RESET support_triage.redact_stored_text;
RESET client_min_messages;
-- an address is known to the model that saw it only when redaction was off
SELECT m.model, count(*) FILTER (WHERE e.contribution <> 0) > 0 AS knows_address
FROM (VALUES ('plain'), ('redacted')) AS m(model), triage.explain(m.model, 'person7@example.com') e
WHERE e.token LIKE '%example%' OR e.token LIKE 'person%' GROUP BY 1 ORDER BY 1;
-- and what has nothing to do with it is the same
SELECT (triage.classify('redacted', 'I want a refund, mail me: other@example.org')).label,
       (triage.classify('redacted', 'I cannot log in')).label;
