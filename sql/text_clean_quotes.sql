-- triage.clean: the same mails in many languages
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS support_triage;
RESET client_min_messages;
CREATE FUNCTION pg_temp.left_over(attribution text) RETURNS text LANGUAGE sql AS
$$ SELECT triage.clean(E'Text 1.\n\n' || attribution || E'\n\n> quoted\n> lines\n\nText 2.') $$;
CREATE FUNCTION pg_temp.top(message text) RETURNS text LANGUAGE sql AS
$$ SELECT triage.clean(E'Text 1.\n\n' || message || E'\n\nold text\nmore of it') $$;

-- attributions; a row is a failure
SELECT a, pg_temp.left_over(a) FROM unnest(ARRAY[
    'On Mon, Jan 3, 2022 at 4:05 PM Support <s@example.com> wrote:',
    E'On Mon, Jan 3, 2022 at 4:05 PM Very Long Name of the Support\n<s@example.com> wrote:',
    '---- On Mon, 03 Jan 2022 16:05:00 +0100 Support <s@example.com> wrote ----',
    'In message <1@example.com> Support writes:',
    'Am Mo., 3. Jan. 2022 um 16:05 Uhr schrieb Support <s@example.com>:',
    'Support <s@example.com> schrieb am Mo., 3. Jan. 2022, 16:05:',
    'Le lun. 3 janv. 2022 à 16:05, Support <s@example.com> a écrit :',
    E'Le lun. 3 janv. 2022 à 16:05, Support <s@example.com> a\nécrit :',
    'El lun, 3 ene 2022 a las 16:05, Support (<s@example.com>) escribió:',
    'Il giorno lun 3 gen 2022 alle ore 16:05 Support <s@example.com> ha scritto:',
    'Em seg., 3 de jan. de 2022 às 16:05, Support <s@example.com> escreveu:',
    'Op ma 3 jan 2022 om 16:05 schreef Support <s@example.com>:',
    'Op 3 jan. 2022 om 16:05 heeft Support <s@example.com> het volgende geschreven:',
    'pon., 3 sty 2022 o 16:05 Support <s@example.com> napisał(a):',
    'W dniu 03.01.2022 o 16:05, Support pisze:',
    'Den mån 3 jan. 2022 kl 16:05 skrev Support <s@example.com>:',
    'Den man. 3. jan. 2022 kl. 16.05 skrev Support <s@example.com>:',
    'man. 3. jan. 2022 kl. 16:05 skrev Support <s@example.com>:',
    'ma 3. tammik. 2022 klo 16.05 Support (s@example.com) kirjoitti:',
    'po 3. 1. 2022 v 16:05 odesílatel Support <s@example.com> napsal:',
    'Support <s@example.com>, 3 Oca 2022 Pzt, 16:05 tarihinde şunu yazdı:',
    'пн, 3 янв. 2022 г. в 16:05, Поддержка <s@example.com>:',
    E'пн, 3 янв. 2022 г. в 16:05, Очень длинное имя\n<s@example.com>:',
    'Понедельник, 3 января 2022, 16:05 +03:00 от Поддержка <s@example.com>:',
    'пн, 3 січ. 2022 р. о 16:05 Підтримка <s@example.com> пише:',
    'Στις Δευ 3 Ιαν 2022 στις 4:05 μ.μ., ο χρήστης Support <s@example.com> έγραψε:',
    'Support <s@example.com> ezt írta (időpont: 2022. jan. 3., H, 16:05):',
    'În lun., 3 ian. 2022 la 16:05, Support <s@example.com> a scris:',
    '2022年1月3日(月) 16:05 サポート <s@example.com>:',
    'サポート <s@example.com> 于2022年1月3日周一 16:05写道：',
    '在 2022年1月3日，16:05，客服 <s@example.com> 写道：',
    '2022년 1월 3일 (월) 오후 4:05, 지원 <s@example.com>님이 작성:',
    'في الاثنين، 3 يناير 2022 في 4:05 م تمت كتابة ما يلي بواسطة ‪الدعم‬‏ <‪s@example.com‬‏>:',
    '‫בתאריך יום ב׳, 3 בינו׳ 2022 ב-16:05 מאת ‪תמיכה‬‏ <‪s@example.com‬‏>:‬']) AS a
 WHERE pg_temp.left_over(a) <> E'Text 1.\n\nText 2.';

-- "original message" with nothing but the marker
SELECT m, pg_temp.top(m) FROM unnest(ARRAY[
    'Original Message', 'Ursprüngliche Nachricht', 'Message d’origine', 'Mensaje original', 'Messaggio originale',
    'Mensagem original', 'Oorspronkelijk bericht', 'Wiadomość oryginalna', 'Ursprungligt meddelande',
    'Oprindelig meddelelse', 'Opprinnelig melding', 'Alkuperäinen viesti', 'Původní zpráva', 'Özgün İleti',
    'Исходное сообщение', 'Вихідне повідомлення', 'Αρχικό μήνυμα', 'Eredeti üzenet', 'Mesaj original',
    '元のメッセージ', '原始邮件', '원본 메시지', 'الرسالة الأصلية', 'הודעה מקורית']) AS w, format('-----%s-----', w) AS m
 WHERE pg_temp.top(m) <> 'Text 1.';

-- blocks of headers
SELECT h, pg_temp.top(h) FROM unnest(ARRAY[
    'From|Sent|To|Subject', 'Von|Gesendet|An|Betreff', 'De|Envoyé|À|Objet', 'De|Enviado|Para|Asunto',
    'Da|Inviato|A|Oggetto', 'De|Enviada em|Para|Assunto', 'Van|Verzonden|Aan|Onderwerp', 'Od|Wysłano|Do|Temat',
    'Från|Skickat|Till|Ämne', 'Fra|Sendt|Til|Emne', 'Lähettäjä|Lähetetty|Vastaanottaja|Aihe',
    'Od|Odesláno|Komu|Předmět', 'Kimden|Gönderildi|Kime|Konu', 'От|Отправлено|Кому|Тема', 'Від|Надіслано|Кому|Тема',
    'Από|Στάλθηκε|Προς|Θέμα', 'Feladó|Elküldve|Címzett|Tárgy', 'De la|Trimis|Către|Subiect',
    '差出人|送信日時|宛先|件名', '发件人|发送时间|收件人|主题', '보낸 사람|보낸 날짜|받는 사람|제목',
    'من|تاريخ الإرسال|إلى|الموضوع', 'מאת|נשלח|אל|נושא']) AS l,
    format(E'%s: Support <s@example.com>\n%s: 3.1.2022 16:05\n*%s:* Jane\n%s： Order', VARIADIC string_to_array(l, '|')) AS h
 WHERE pg_temp.top(h) <> 'Text 1.';

-- banners
SELECT b, pg_temp.top(b) FROM unnest(ARRAY[
    '##- Please type your reply above this line -##', '--- Reply above this line ---', '##- anything at all -##',
    'Bitte geben Sie Ihre Antwort oberhalb dieser Zeile ein', 'Veuillez saisir votre réponse au-dessus de cette ligne',
    'Escriba su respuesta por encima de esta línea', 'Inserisci la tua risposta sopra questa riga',
    'Digite sua resposta acima desta linha', 'Typ uw antwoord boven deze regel', 'Wpisz swoją odpowiedź powyżej tej linii',
    'Skriv ditt svar ovanför den här raden', 'Skriv dit svar over denne linje', 'Skriv svaret ditt over denne linjen',
    'Kirjoita vastauksesi tämän rivin yläpuolelle', 'Napište odpověď nad tento řádek', 'Lütfen yanıtınızı bu satırın üstüne yazın',
    'Введите ответ над этой строкой', 'Введіть відповідь над цим рядком', 'Γράψτε την απάντησή σας πάνω από αυτή τη γραμμή',
    'Kérjük, írja válaszát e sor fölé', 'Introduceți răspunsul deasupra acestei linii', 'この行の上に返信を入力してください',
    '请在此行上方输入您的回复', '이 줄 위에 회신을 입력하십시오', 'اكتب ردك فوق هذا السطر', 'נא להקליד את תגובתך מעל שורה זו']) AS b
 WHERE pg_temp.top(b) <> 'Text 1.';

-- phones
SELECT p, triage.clean(E'Text 1.\n\n' || p) FROM unnest(ARRAY[
    'Sent from my iPhone', 'Get Outlook for iOS<https://aka.ms/o0ukef>', 'Von meinem iPhone gesendet', 'Envoyé de mon iPhone',
    'Enviado desde mi iPhone', 'Inviato da iPhone', 'Enviado do meu iPhone', 'Verstuurd vanaf mijn iPhone',
    'Wysłane z iPhone''a', 'Skickat från min iPhone', 'Sendt fra min iPhone', 'Lähetetty iPhonesta', 'Odesláno z iPhonu',
    'iPhone''umdan gönderildi', 'Отправлено с iPhone', 'Надіслано з iPhone', 'Στάλθηκε από το iPhone μου',
    'iPhone-ról küldve', 'Trimis de pe iPhone', 'iPhoneから送信', '发自我的 iPhone', '從我的 iPhone 傳送',
    '나의 iPhone에서 보냄', 'أرسلت من الـ iPhone', 'נשלח מה-iPhone שלי']) AS p
 WHERE triage.clean(E'Text 1.\n\n' || p) <> 'Text 1.';

-- disclaimers
SELECT d, triage.clean(E'Text 1.\n\n' || d) FROM unnest(ARRAY[
    'Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, informieren Sie bitte sofort den Absender.',
    'Ce message et ses pièces jointes sont confidentiels. Si vous n''êtes pas le destinataire, merci d''avertir l''expéditeur.',
    'Este mensaje contiene información confidencial. Si ha recibido este mensaje por error, notifique al remitente.',
    'Questo messaggio contiene informazioni riservate. Se non è il destinatario è vietato copiarlo.',
    'Esta mensagem contém informação confidencial. Se não é o destinatário, é proibida a cópia.',
    'Dit bericht is uitsluitend bestemd voor de geadresseerde. Indien niet voor u bestemd, verwijder het.',
    'Wiadomość zawiera informacje poufne i jest przeznaczona wyłącznie dla adresata.',
    'Это сообщение содержит конфиденциальную информацию. Если вы не являетесь адресатом, удалите его.',
    'この電子メールには機密情報が含まれています。誤って受信された場合は破棄してください。',
    '本邮件含有保密信息，仅供收件人使用。',
    'تحتوي هذه الرسالة على معلومات سرية. إذا وصلتك عن طريق الخطأ يرجى إبلاغ المرسل.',
    'הודעה זו כוללת מידע סודי. אם קיבלת אותה בטעות אנא מחק אותה.']) AS d
 WHERE triage.clean(E'Text 1.\n\n' || d) <> 'Text 1.';
