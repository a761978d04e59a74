-- The language of a text: what is told, and when nothing is.

-- a sentence in each of many languages
SELECT expected, language, script, mixed, confidence > 0.9 AS sure
FROM (VALUES
    ('af', 'Ek het twee weke gelede ''n ketel bestel en dit het nog nie aangekom nie.'),
    ('ar', 'طلبت غلاية قبل أسبوعين ولم تصل حتى الآن، أرجو مساعدتكم.'),
    ('bg', 'Поръчах чайник преди две седмици и още не е пристигнал, моля за помощ.'),
    ('ca', 'Fa dues setmanes que vaig demanar un bullidor i encara no ha arribat.'),
    ('cs', 'Před dvěma týdny jsem si objednal konvici a stále nedorazila, prosím o pomoc.'),
    ('cy', 'Fe archebais degell bythefnos yn ôl ac nid yw wedi cyrraedd eto.'),
    ('da', 'Jeg bestilte en kedel for to uger siden, og den er stadig ikke kommet frem.'),
    ('de', 'Ich habe vor zwei Wochen einen Wasserkocher bestellt, der noch nicht angekommen ist.'),
    ('el', 'Παρήγγειλα έναν βραστήρα πριν από δύο εβδομάδες και δεν έχει έρθει ακόμα.'),
    ('en', 'I ordered a kettle two weeks ago and it has still not arrived.'),
    ('es', 'Pedí una tetera hace dos semanas y todavía no ha llegado.'),
    ('et', 'Tellisin kaks nädalat tagasi veekeetja, kuid see pole ikka veel kohale jõudnud.'),
    ('eu', 'Duela bi aste ur-berogailu bat eskatu nuen eta oraindik ez da iritsi.'),
    ('fa', 'دو هفته پیش یک کتری سفارش دادم و هنوز به دستم نرسیده است.'),
    ('fi', 'Tilasin vedenkeittimen kaksi viikkoa sitten, eikä se ole vieläkään saapunut.'),
    ('fr', 'J''ai commandé une bouilloire il y a deux semaines et elle n''est toujours pas arrivée.'),
    ('ga', 'D''ordaigh mé citeal coicís ó shin agus níor tháinig sé fós.'),
    ('he', 'הזמנתי קומקום לפני שבועיים והוא עדיין לא הגיע.'),
    ('hi', 'मैंने दो हफ़्ते पहले एक केतली मँगवाई थी और वह अभी तक नहीं आई है।'),
    ('hu', 'Két hete rendeltem egy vízforralót, és még mindig nem érkezett meg.'),
    ('it', 'Ho ordinato un bollitore due settimane fa e non è ancora arrivato.'),
    ('ja', '二週間前にやかんを注文しましたが、まだ届いていません。'),
    ('ko', '2주 전에 주전자를 주문했는데 아직 도착하지 않았습니다.'),
    ('lt', 'Prieš dvi savaites užsisakiau virdulį, bet jis vis dar neatkeliavo.'),
    ('lv', 'Pirms divām nedēļām es pasūtīju tējkannu, bet tā joprojām nav pienākusi.'),
    ('mk', 'Пред две недели нарачав чајник и сѐ уште не пристигнал, ве молам помогнете.'),
    ('mr', 'मी दोन आठवड्यांपूर्वी किटली मागवली होती आणि ती अजून आलेली नाही.'),
    ('nl', 'Ik heb twee weken geleden een waterkoker besteld en die is nog steeds niet aangekomen.'),
    ('pl', 'Dwa tygodnie temu zamówiłem czajnik i nadal nie dotarł.'),
    ('pt', 'Encomendei uma chaleira há duas semanas e ela ainda não chegou.'),
    ('ro', 'Am comandat un fierbător acum două săptămâni și încă nu a ajuns.'),
    ('ru', 'Две недели назад я заказал чайник, и он до сих пор не пришёл.'),
    ('sl', 'Pred dvema tednoma sem naročil grelnik vode in še vedno ni prispel.'),
    ('sv', 'Jag beställde en vattenkokare för två veckor sedan och den har fortfarande inte kommit.'),
    ('sw', 'Niliagiza birika wiki mbili zilizopita na bado haijafika.'),
    ('th', 'ฉันสั่งกาต้มน้ำเมื่อสองสัปดาห์ก่อนและยังไม่ได้รับของ'),
    ('tr', 'İki hafta önce bir su ısıtıcısı sipariş ettim ve hâlâ gelmedi.'),
    ('uk', 'Два тижні тому я замовив чайник, і він досі не прийшов.'),
    ('ur', 'میں نے دو ہفتے پہلے ایک کیتلی منگوائی تھی اور وہ ابھی تک نہیں آئی۔'),
    ('vi', 'Tôi đã đặt mua một cái ấm đun nước cách đây hai tuần mà vẫn chưa nhận được.'),
    ('yo', 'Mo ra ìkòkò omi ní ọ̀sẹ̀ méjì sẹ́yìn, kò sì tíì dé.'),
    ('zh', '我两个星期前订购了一个水壶,到现在还没有收到。'),
    -- of scripts that one language has, without a model
    ('kn', 'ನಾನು ಎರಡು ವಾರಗಳ ಹಿಂದೆ ಆದೇಶಿಸಿದೆ'),
    ('my', 'ကျွန်တော် ရေနွေးအိုး မှာခဲ့တယ်')) AS v(expected, document), triage.language(document);

-- short text: no wrong answer (the greeting is no Spanish, the Russian no Macedonian), rather none
SELECT document, language
FROM (VALUES ('Hello'), ('ok'), ('No'), ('tak'), ('a'), ('Где мой заказ?'), ('спасибо большое'),
      ('Where is my order?'), ('¿Dónde está mi pedido?'), ('注文')) AS v(document), triage.language(document);
SELECT language IN ('ru', 'und') AS no_macedonian FROM triage.language('Привет');

-- old English is English, and no Yoruba
SELECT language, confidence > 0.9 AS sure, mixed
FROM triage.language('But soft, what light through yonder window breaks? It is the east, and my lady is the sun. Arise, fair sun.');

-- nothing to read
SELECT document, language, confidence, script, mixed
FROM (VALUES (''), ('   '), ('12345 67/89'), ('?!'), ('👍👍'), ('٠١٢٣')) AS v(document), triage.language(document);
SELECT l IS NULL AS none FROM triage.language(NULL) AS l;
-- no language at all
SELECT document, language FROM (VALUES ('xkcd zzyx hjkhjk qwrtp'), ('sdfkjh wqpoeiru zmxncbv')) AS v(document), triage.language(document);

-- addresses, names in code, logs and stack traces are not read
SELECT language, confidence > 0.9 AS sure
FROM (VALUES
    ('Bitte helfen Sie mir: https://example.com/where/is/my/order/and/why/does/it/take/so/long?thank=you'),
    ('Pourquoi cette erreur ?
at com.example.warehouse.OrderService.findOrder(OrderService.java:12)
at com.example.warehouse.OrderController.showOrder(OrderController.java:99)'),
    ('2031-03-05 10:00:00 ERROR connection to the order database was refused by the other side
2031-03-05 10:00:01 INFO trying to connect to the order database once again
Mein Programm startet seit gestern nicht mehr.'),
    ('Cosa significa questo messaggio?
for (int i = 0; i < number_of_orders; i++) {
send_the_order_to_the_warehouse(orders[i]);
}'),
    ('Escríbanme por favor a this.is.my.address@example.com cuando llegue')) AS v(document), triage.language(document);
SELECT language FROM triage.language('https://example.com/bonjour/tout/le/monde');
-- quoted mail is not read
SELECT language FROM triage.language('Merci beaucoup, le colis est bien arrivé ce matin.

On Mon, 3 Mar 2031 at 10:00, Support <support@example.com> wrote:
> Your parcel is on its way and should be there tomorrow.
> Please tell us when it has arrived and whether everything is as it should be.');

-- parts in another language
SELECT language, mixed, script
FROM (VALUES
    ('Guten Tag, meine Bestellung ist nach zwei Wochen noch immer nicht angekommen. Bitte sagen Sie mir, wann ich damit rechnen kann.

Hello, my order has still not arrived after two weeks.'),
    ('Мой заказ до сих пор не пришёл, помогите пожалуйста. My order has not arrived yet, please help me.'),
    ('Мой iPhone не работает после обновления iOS, помогите пожалуйста.'),
    ('Ich habe den Newsletter abbestellt und bekomme trotzdem weiter E-Mails. Was soll ich tun?')) AS v(document), triage.language(document);

-- candidates
SET support_triage.languages = 'nb, da, sv';
SELECT language FROM triage.language('Jeg har ikke fått pakken min ennå, og sporingen virker ikke.');
SELECT language FROM triage.language('Je n''ai pas encore reçu mon colis.') WHERE language NOT IN ('nb', 'da', 'sv', 'und');
SELECT language, script FROM triage.language('Παρήγγειλα έναν βραστήρα.');
SET support_triage.languages = 'english';
SET support_triage.languages = 'en,qq';
SET support_triage.languages = 'en,,de';
SET support_triage.languages = ' de , en ';
SELECT language FROM triage.language('Where is my order?');
RESET support_triage.languages;
-- how sure an answer must be
SET support_triage.language_confidence = 0;
SELECT language <> 'und' AS told FROM triage.language('ok');
SET support_triage.language_confidence = 1;
SELECT language FROM triage.language('Where is my order?');
SET support_triage.language_confidence = 1.5;
RESET support_triage.language_confidence;

-- it explains itself like any model: contributions sum to the score, whose softmax the confidence is
WITH sums AS (
    SELECT l AS label, (SELECT sum(contribution) FROM triage.explain('language', 'Where is my order?', l)) AS score
    FROM unnest(ARRAY['en', 'nl']) l)
SELECT abs(ln(max(confidence) FILTER (WHERE label = 'en') / max(confidence) FILTER (WHERE label = 'nl'))
           - (max(score) FILTER (WHERE label = 'en') - max(score) FILTER (WHERE label = 'nl'))) < 0.01 AS sums_up
FROM triage.classify_top('language', 'Where is my order?', 75) JOIN sums USING (label);
-- so do those of a long text, in which each word gives what it gives alone, though many are looked up at once
CREATE TEMP TABLE explained AS
SELECT l AS label, e.* FROM unnest(ARRAY['da', 'nb']) l, triage.explain('language', repeat('jeg har en ny hund i dag ', 40), l) e;
SELECT abs(ln(max(confidence) FILTER (WHERE label = 'da') / max(confidence) FILTER (WHERE label = 'nb'))
           - (SELECT sum(CASE label WHEN 'da' THEN contribution ELSE -contribution END) FROM explained)) < 0.01 AS sums_up
FROM triage.classify_top('language', repeat('jeg har en ny hund i dag ', 40), 75);
SELECT token, count(*), count(DISTINCT e.contribution) AS different, max(e.contribution) = max(alone.contribution) AS as_alone
FROM explained e JOIN triage.explain('language', 'jeg har en ny hund i dag', 'nb') alone USING (token)
WHERE label = 'nb' AND token IS NOT NULL GROUP BY token ORDER BY token;
SELECT d.token, d.contribution > e.contribution AS rather_german
FROM triage.explain('language', 'the Bestellung', 'de') d JOIN triage.explain('language', 'the Bestellung', 'en') e USING (start)
WHERE d.token IS NOT NULL ORDER BY start;

-- hostile text
SELECT name, language IS NOT NULL AS answered, confidence BETWEEN 0 AND 1 AS in_range
FROM (VALUES
    ('long word', repeat('a', 100000)), ('many words', repeat('wort word ', 50000)), ('marks', 'a' || repeat(U&'\0301', 50000)),
    ('bidi', U&'\202E' || repeat('שלום abc ', 1000) || U&'\202C'), ('invisible', repeat(U&'\200B\200D\FEFF', 10000)),
    ('sentences', repeat('a! b? c. ', 20000)), ('lines', repeat(E'x;\n', 20000)), ('emoji', repeat('😀 ', 20000)),
    ('scripts', repeat('a я α 字 ', 10000)), ('Thai', repeat('กาต้มน้ำ', 5000)), ('Chinese', repeat('水壶', 20000)),
    ('private', repeat(U&'\E000\+10FFFD ', 5000)), ('jamo', repeat(U&'\1112\1161\11ab', 10000)), ('points', repeat(U&'\064E\064F', 10000))
) AS v(name, document), triage.language(document) ORDER BY name;

-- the sums of words are kept from text to text: words that come between change no answer
CREATE TEMP TABLE before AS SELECT text, triage.language(text)::text AS found
FROM (VALUES ('Where is my parcel?'), ('Wo bleibt mein Paket?'), ('Où est mon colis ?'), ('Где моя посылка?'),
      ('パーセルはどこですか'), ('Where is it? Bitte antworten Sie mir schnell, ich warte seit drei Wochen.')) v(text);
SELECT count(triage.language(translate(left(md5(i::text), 9), '0123456789', 'ghijklmnop'))) FROM generate_series(1, 4000) i;
SELECT count(*) AS answers, count(*) FILTER (WHERE triage.language(text)::text IS DISTINCT FROM found) AS changed FROM before;
SELECT count(*) AS answers, count(*) FILTER (WHERE triage.language(text)::text IS DISTINCT FROM found) AS changed FROM before;

-- a model of one's own of the same kind
CREATE TEMP TABLE dialects AS
SELECT label, string_agg(word, ' ') AS document
FROM (SELECT CASE i % 2 WHEN 0 THEN 'north' ELSE 'south' END AS label, i / 10 AS n,
             CASE i % 2 WHEN 0 THEN 'ka' ELSE 'mo' END || translate(i::text, '0123456789', 'abdefgilno') AS word
      FROM generate_series(0, 1999) i) w GROUP BY label, n;
SELECT version, examples, labels, accuracy FROM triage.train('dialects', 'SELECT document, label FROM dialects',
    '{"kind": "counts", "features": "letters", "max_kilobytes": 600}');
SELECT (triage.classify('dialects', 'kabba')).label, (triage.classify('dialects', 'molle moggi')).label;
SELECT abs(sum(contribution)) < 1e6 AS explained FROM triage.explain('dialects', 'kabba');
SELECT (triage.classify('dialects', '12 !')).in_scope;
SELECT * FROM triage.train('dialects', 'SELECT document, label FROM dialects', '{"kind": "counts"}');
SELECT * FROM triage.train('many', 'SELECT ''word'' || i, i::text FROM generate_series(1, 300) i',
    '{"kind": "counts", "features": "letters"}');
-- readers of letters serve linear models too
SELECT accuracy FROM triage.train('dialects', 'SELECT document, label FROM dialects', '{"kind": "linear", "features": "letters"}');
SELECT (triage.classify('dialects', 'kabba')).label;
-- one's own of letters takes the place of the shipped one, whatever its kind
SELECT version FROM triage.train('language', 'SELECT document, CASE label WHEN ''north'' THEN ''fr'' ELSE ''es'' END FROM dialects',
    '{"kind": "linear", "features": "letters"}');
SELECT triage.activate('language', 1);
SET support_triage.language_confidence = 0;
SELECT language FROM triage.language('kabba kadde kafa 12 kalo');
SELECT language FROM triage.language('molle 12 moggi mofa mobbe');
RESET support_triage.language_confidence;
-- one's own takes the place of the shipped one; of another kind it is not read
SELECT version FROM triage.train('language', 'SELECT document, label FROM dialects', '{"kind": "linear"}');
SELECT triage.activate('language', 2);
SELECT language FROM triage.language('Where is my order?');
