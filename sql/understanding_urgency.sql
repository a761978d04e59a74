-- What a text states: how urgent it is, and that it wants a person. Own sentences, of which
-- half only look like it.
SET extra_float_digits = 0;

CREATE TABLE sentence (language text, signal text, is_one boolean, document text);
COPY sentence FROM stdin;
en	urgency	t	Our whole shop floor has been standing still since seven because the tills will not start.
en	urgency	t	I fly out tomorrow morning and still have no boarding pass.
en	urgency	t	Please get this sorted as soon as you possibly can.
en	urgency	t	We are losing orders every minute the page is offline.
en	urgency	t	I need the replacement before Friday, the exhibition opens then.
en	urgency	t	The heater is smoking and smells of burning plastic, what do I do?
en	urgency	t	Nobody in the company can log in any more.
en	urgency	t	This cannot wait, the auditors are coming at noon.
en	urgency	t	Production database is down, all customers affected.
en	urgency	t	The rent is due today and my money is stuck in your system.
en	urgency	t	Time is of the essence here.
en	urgency	t	My contract runs out tonight at midnight and the renew button does nothing.
en	urgency	t	The battery swelled up and is getting hot.
en	urgency	t	Could you treat this as top priority please
en	urgency	t	I only have two hours left to submit the tender.
en	urgency	t	Emergency!!! water is pouring out of the dishwasher you fitted
en	urgency	t	Payments have been failing for every customer since this morning.
en	urgency	t	We need an answer by end of day.
en	urgency	f	No hurry at all, answer whenever it suits you.
en	urgency	f	Your last outage report was nicely written, thank you.
en	urgency	f	Is next day delivery available for the blue one?
en	urgency	f	When will the new version come out?
en	urgency	f	I ordered last Friday and it came on Monday, all good.
en	urgency	f	Could you tell me whether the lamp can be dimmed?
en	urgency	f	It is not urgent, but the logo looks a little blurred.
en	urgency	f	The emergency exit sign I bought from you looks great.
en	urgency	f	What does the urgent care insurance cover?
en	urgency	f	Everything works again since yesterday, the ticket can be closed.
en	urgency	f	I would like to change my address for the next delivery.
en	urgency	f	How do I download the app to my phone?
en	urgency	f	My subscription ends in November, how can I cancel it?
en	urgency	f	Do you ship to Iceland, and how long does that take?
en	urgency	f	Take your time, there is no deadline.
en	urgency	f	Can I pay by invoice within thirty days?
en	urgency	f	The fire pit arrived safely and looks lovely.
en	urgency	f	Where do I turn off the sleep mode of the display?
en	human	t	Let me talk to someone real, please.
en	human	t	Is there anybody there or am I writing to a machine?
en	human	t	I don't want to chat with a robot.
en	human	t	Connect me to a member of staff.
en	human	t	Can somebody ring me back about this?
en	human	t	Give me a supervisor.
en	human	t	Human please
en	human	t	I've had enough of these automatic replies, put me through to a colleague.
en	human	t	I want to speak with the manager in charge.
en	human	t	Stop sending canned answers and let a person read this.
en	human	t	Could I get hold of an actual employee?
en	human	t	operator
en	human	t	Pls transfer me to live support
en	human	t	I demand to be put in touch with a human being.
en	human	t	Is it possible to speak to one of your advisers on the phone?
en	human	t	Are you a bot? I need a real person.
en	human	t	Your chatbot is useless, who can I actually talk to?
en	human	f	The agent who helped me yesterday was lovely.
en	human	f	How do I add a second agent to our account?
en	human	f	The person at the door refused to take the parcel.
en	human	f	Our chatbot integration stopped working after the upgrade.
en	human	f	I spoke to your manager last week and it is solved.
en	human	f	We sell robots and need an invoice.
en	human	f	Is the human resources module part of the plan?
en	human	f	Please transfer the domain to my other account.
en	human	f	The call quality of the headset is bad.
en	human	f	My phone does not ring when somebody calls.
en	human	f	Which operator precedence applies in the formula field?
en	human	f	Can I change the person named on the ticket?
en	human	f	The automatic replies in my mailbox are sent twice.
en	human	f	My colleague will pick up the order.
en	human	f	Do you have a representative sample of the fabric?
en	human	f	How can I speak to my speaker, the voice control ignores me?
de	urgency	t	Bei uns steht seit heute früh alles still, kein Rechner kommt mehr ins Netz.
de	urgency	t	Ich brauche die Lieferung bis spätestens Mittwoch.
de	urgency	t	Bitte so rasch wie möglich erledigen!
de	urgency	t	Aus dem Gerät kommt Rauch und es riecht verbrannt.
de	urgency	t	Das duldet keinen Aufschub, der Kunde wartet schon.
de	urgency	f	Es eilt nicht, nächste Woche reicht völlig.
de	urgency	f	Wie lange dauert der Versand in die Schweiz?
de	urgency	f	Der Notausgang auf dem Plan ist falsch beschriftet.
de	urgency	f	Seit dem Update läuft alles wieder, danke.
de	human	t	Ich möchte mit einem Menschen sprechen.
de	human	t	Kann mich jemand zurückrufen?
de	human	t	Verbinden Sie mich bitte mit Ihrem Vorgesetzten.
de	human	t	Antwortet hier auch mal eine echte Person?
de	human	f	Der Mitarbeiter im Laden war sehr nett.
de	human	f	Wie lege ich einen neuen Mitarbeiter im Programm an?
de	human	f	Der Saugroboter fährt nicht zurück.
de	human	f	Die Person auf dem Foto bin ich nicht.
es	urgency	t	Tenemos toda la tienda parada porque no funciona la caja.
es	urgency	t	Lo necesito antes del viernes sin falta.
es	urgency	t	Por favor, resuélvanlo cuanto antes.
es	urgency	t	El enchufe echa chispas y huele a quemado.
es	urgency	t	Mi vuelo sale esta noche y no tengo la tarjeta de embarque.
es	urgency	f	No corre prisa, cuando puedan.
es	urgency	f	¿Cuánto tarda el envío a Canarias?
es	urgency	f	El servicio de urgencias del juego es muy divertido.
es	urgency	f	Ya está todo arreglado desde ayer, gracias.
es	human	t	Quiero hablar con una persona de verdad.
es	human	t	¿Me puede llamar alguien?
es	human	t	Páseme con su jefe.
es	human	t	No quiero hablar con un robot.
es	human	f	La persona que me atendió fue muy amable.
es	human	f	¿Cómo añado un agente a mi cuenta?
es	human	f	El robot de cocina no gira.
es	human	f	El encargado ya me lo resolvió.
fr	urgency	t	Tout le magasin est à l'arrêt, les caisses ne démarrent plus.
fr	urgency	t	Il me le faut avant vendredi dernier délai.
fr	urgency	t	Merci de régler cela au plus vite.
fr	urgency	t	La prise fait des étincelles et ça sent le brûlé.
fr	urgency	t	Mon vol part ce soir et je n'ai toujours pas ma carte d'embarquement.
fr	urgency	f	Rien ne presse, répondez quand vous pourrez.
fr	urgency	f	Combien de temps met la livraison en Corse ?
fr	urgency	f	Le panneau de sortie de secours est très beau.
fr	urgency	f	Tout remarche depuis hier, merci.
fr	human	t	Je voudrais parler à une vraie personne.
fr	human	t	Est-ce que quelqu'un peut me rappeler ?
fr	human	t	Passez-moi votre responsable.
fr	human	t	Je ne veux pas discuter avec un robot.
fr	human	f	La personne qui m'a servi était charmante.
fr	human	f	Comment ajouter un agent à mon compte ?
fr	human	f	Le robot de cuisine ne tourne plus.
fr	human	f	Votre conseiller a déjà résolu le souci.
it	urgency	t	Tutto il negozio è fermo perché le casse non partono.
it	urgency	t	Mi serve entro venerdì al massimo.
it	urgency	t	Vi prego di risolvere il prima possibile.
it	urgency	t	La presa fa scintille e c'è puzza di bruciato.
it	urgency	t	Il mio volo parte stasera e non ho ancora la carta d'imbarco.
it	urgency	f	Non c'è fretta, quando potete.
it	urgency	f	Quanto ci mette la spedizione in Sardegna?
it	urgency	f	Il cartello dell'uscita di emergenza è bellissimo.
it	urgency	f	Da ieri funziona di nuovo tutto, grazie.
it	human	t	Vorrei parlare con una persona vera.
it	human	t	Qualcuno può richiamarmi?
it	human	t	Mi passi il suo responsabile.
it	human	t	Non voglio parlare con un robot.
it	human	f	La persona che mi ha servito era gentilissima.
it	human	f	Come aggiungo un agente al mio account?
it	human	f	Il robot da cucina non gira.
it	human	f	Il vostro operatore ha già risolto tutto.
pt	urgency	t	A loja inteira está parada porque os caixas não ligam.
pt	urgency	t	Preciso disso até sexta-feira sem falta.
pt	urgency	t	Resolvam o mais rápido possível, por favor.
pt	urgency	t	A tomada está soltando faíscas e cheira a queimado.
pt	urgency	t	Meu voo sai hoje à noite e ainda não tenho o cartão de embarque.
pt	urgency	f	Não há pressa, respondam quando puderem.
pt	urgency	f	Quanto tempo demora a entrega nos Açores?
pt	urgency	f	A placa de saída de emergência ficou linda.
pt	urgency	f	Desde ontem está tudo funcionando de novo, obrigado.
pt	human	t	Quero falar com uma pessoa de verdade.
pt	human	t	Alguém pode me ligar?
pt	human	t	Passe-me ao seu supervisor.
pt	human	t	Não quero conversar com robô.
pt	human	f	A pessoa que me atendeu foi muito simpática.
pt	human	f	Como adiciono um agente à minha conta?
pt	human	f	O robô de cozinha não gira.
pt	human	f	O atendente já resolveu tudo ontem.
ar	urgency	t	المتجر كله متوقف لأن أجهزة الدفع لا تعمل.
ar	urgency	t	أحتاجه قبل يوم الجمعة ضروري.
ar	urgency	t	أرجو حل المشكلة في أسرع وقت ممكن.
ar	urgency	t	المقبس يخرج منه شرر وهناك رائحة حريق.
ar	urgency	t	طائرتي الليلة ولم تصلني بطاقة الصعود.
ar	urgency	f	لا داعي للعجلة، ردوا متى استطعتم.
ar	urgency	f	كم يستغرق الشحن إلى مسقط؟
ar	urgency	f	لافتة مخرج الطوارئ جميلة جدا.
ar	urgency	f	كل شيء يعمل منذ أمس، شكرا.
ar	human	t	أريد التحدث مع شخص حقيقي.
ar	human	t	هل يمكن لأحد أن يتصل بي؟
ar	human	t	حولني إلى المدير.
ar	human	t	لا أريد التحدث مع روبوت.
ar	human	f	الموظف الذي ساعدني كان لطيفا.
ar	human	f	كيف أضيف موظفا إلى حسابي؟
ar	human	f	المكنسة الروبوت لا تتحرك.
ar	human	f	الشخص في الصورة ليس أنا.
hi	urgency	t	हमारी पूरी दुकान बंद पड़ी है क्योंकि बिलिंग मशीन नहीं चल रही।
hi	urgency	t	मुझे यह शुक्रवार से पहले हर हाल में चाहिए।
hi	urgency	t	कृपया जल्द से जल्द ठीक करें।
hi	urgency	t	सॉकेट से चिंगारी निकल रही है और जलने की बदबू आ रही है।
hi	urgency	t	मेरी फ्लाइट आज रात है और बोर्डिंग पास नहीं मिला।
hi	urgency	f	कोई जल्दी नहीं है, जब समय मिले तब बताइए।
hi	urgency	f	शिमला तक डिलीवरी में कितना समय लगता है?
hi	urgency	f	आपातकालीन निकास का बोर्ड बहुत सुंदर है।
hi	urgency	f	कल से सब फिर चल रहा है, धन्यवाद।
hi	human	t	मुझे किसी असली इंसान से बात करनी है।
hi	human	t	क्या कोई मुझे फोन कर सकता है?
hi	human	t	अपने मैनेजर से बात करवाइए।
hi	human	t	मैं रोबोट से बात नहीं करना चाहता।
hi	human	f	जिस व्यक्ति ने मेरी मदद की वह बहुत अच्छा था।
hi	human	f	मैं खाते में नया एजेंट कैसे जोड़ूँ?
hi	human	f	सफाई वाला रोबोट घूमता नहीं है।
hi	human	f	तस्वीर में जो इंसान है वह मैं नहीं हूँ।
bg	human	t	Искам да говоря с истински човек.
bg	human	t	Свържете ме с оператор, моля.
bg	human	f	Роботът прахосмукачка не се движи.
ca	human	t	Vull parlar amb una persona real.
ca	human	t	Em pot trucar algú?
ca	human	f	La persona que em va atendre va ser molt amable.
cs	human	t	Chci mluvit s živým člověkem.
cs	human	t	Spojte mě prosím s operátorem.
cs	human	f	Robotický vysavač se nehýbe.
da	human	t	Jeg vil gerne tale med et menneske.
da	human	t	Kan nogen ringe til mig?
da	human	f	Robotstøvsugeren kører ikke.
el	human	t	Θέλω να μιλήσω με άνθρωπο.
el	human	t	Συνδέστε με με έναν εκπρόσωπο.
el	human	f	Η ρομποτική σκούπα δεν κινείται.
fa	human	t	می‌خواهم با یک آدم واقعی صحبت کنم.
fa	human	t	لطفا مرا به اپراتور وصل کنید.
fa	human	f	جاروی رباتیک حرکت نمی‌کند.
fi	human	t	Haluan puhua oikean ihmisen kanssa.
fi	human	t	Voiko joku soittaa minulle?
fi	human	f	Robotti-imuri ei liiku.
he	human	t	אני רוצה לדבר עם בן אדם.
he	human	t	תעבירו אותי לנציג אנושי.
he	human	f	הרובוט שואב האבק לא זז.
hr	human	t	Želim razgovarati sa stvarnom osobom.
hr	human	t	Spojite me s operaterom, molim.
hr	human	f	Robotski usisavač se ne miče.
hu	human	t	Egy élő emberrel szeretnék beszélni.
hu	human	t	Kapcsoljanak egy ügyintézőt, kérem.
hu	human	f	A robotporszívó nem mozdul.
id	human	t	Saya mau bicara dengan orang asli.
id	human	t	Tolong sambungkan saya dengan petugas.
id	human	f	Robot penyedot debu tidak bergerak.
ja	human	t	人間と話したいです。
ja	human	t	担当者につないでください。
ja	human	f	掃除ロボットが動きません。
ko	human	t	사람과 직접 이야기하고 싶어요.
ko	human	t	상담원 연결해 주세요.
ko	human	f	로봇 청소기가 움직이지 않아요.
ms	human	t	Saya nak bercakap dengan manusia sebenar.
ms	human	t	Sila sambungkan saya kepada ejen.
ms	human	f	Robot penyedut habuk tidak bergerak.
nb	human	t	Jeg vil snakke med et ekte menneske.
nb	human	t	Kan noen ringe meg?
nb	human	f	Robotstøvsugeren står stille.
nl	human	t	Ik wil een echt mens spreken.
nl	human	t	Kan iemand mij terugbellen?
nl	human	f	De robotstofzuiger rijdt niet.
pl	human	t	Chcę porozmawiać z żywym człowiekiem.
pl	human	t	Proszę połączyć mnie z konsultantem.
pl	human	f	Robot sprzątający nie jeździ.
ro	human	t	Vreau să vorbesc cu o persoană reală.
ro	human	t	Mă poate suna cineva?
ro	human	f	Robotul de bucătărie nu se învârte.
ru	human	t	Хочу поговорить с живым человеком.
ru	human	t	Соедините меня с оператором.
ru	human	f	Робот-пылесос не едет.
sk	human	t	Chcem hovoriť so živým človekom.
sk	human	t	Spojte ma prosím s operátorom.
sk	human	f	Robotický vysávač sa nehýbe.
sv	human	t	Jag vill prata med en riktig människa.
sv	human	t	Kan någon ringa upp mig?
sv	human	f	Robotdammsugaren rör sig inte.
th	human	t	ขอคุยกับคนจริงๆ
th	human	t	ช่วยโอนสายให้เจ้าหน้าที่หน่อย
th	human	f	หุ่นยนต์ดูดฝุ่นไม่ขยับ
tr	human	t	Gerçek bir insanla konuşmak istiyorum.
tr	human	t	Beni bir temsilciye bağlayın lütfen.
tr	human	f	Robot süpürge hareket etmiyor.
uk	human	t	Хочу поговорити з живою людиною.
uk	human	t	З'єднайте мене з оператором.
uk	human	f	Робот-пилосос не рухається.
vi	human	t	Tôi muốn nói chuyện với người thật.
vi	human	t	Cho tôi gặp nhân viên tư vấn.
vi	human	f	Robot hút bụi không di chuyển.
zh	human	t	我要跟真人说话。
zh	human	t	请转人工客服。
zh	human	f	扫地机器人不动了。
en	urgency	t	None of our thirty stores can take card payments right now.
en	urgency	t	Gas smell in the kitchen since your fitter left!
en	urgency	t	My visa interview is in three hours and the document will not print.
en	urgency	t	Drop everything else, this has to be fixed today.
en	urgency	t	The wedding is on Saturday and the dress is still not here.
en	urgency	t	Every hour of this costs us thousands.
en	urgency	f	Which day of the week do you collect old fridges?
en	urgency	f	I would be glad to hear from you some time next month.
en	urgency	f	The stop button of the player is too small.
en	urgency	f	Your site was down last spring, I remember.
en	human	t	I wish to be called by somebody from the complaints team.
en	human	t	Does a real person ever read these messages?
en	human	t	Let me speak with your boss.
en	human	t	Get me off this bot.
en	human	t	I would rather discuss it with one of your people directly.
en	human	f	Who is the person on the cover?
en	human	f	Our support team needs ten seats.
en	human	f	The manager view of the report is slow.
en	human	f	How do I mute the voice assistant?
de	urgency	t	Keine unserer Filialen kann gerade kassieren.
en	urgency	t	All our checkouts went dark ten minutes ago.
en	urgency	t	My flight leaves in ninety minutes and the check-in page is blank.
en	urgency	t	The washing machine is on fire!
en	urgency	t	We have to hand this in by six o'clock tonight.
en	urgency	t	Not a single guest can open their room door.
en	urgency	f	The fire alarm test was fine, thank you.
en	urgency	f	I can wait until the new model arrives.
en	urgency	f	Today I finally tried the mixer and I love it.
en	urgency	f	What time does the office close?
en	human	t	I have to speak with a real employee, not a script.
en	human	t	Will somebody please phone me about my claim.
en	human	t	Enough of the bot, get me a human.
en	human	t	Who do I call to talk to a person?
en	human	f	The robot arm of the kit is bent.
en	human	f	My manager approved the invoice.
en	human	f	The agent field of the form is empty.
de	urgency	t	In einer Stunde geht mein Zug und die Fahrkarte lädt nicht.
es	urgency	t	Mi tren sale en una hora y el billete no carga.
fr	urgency	t	Mon train part dans une heure et le billet ne s'affiche pas.
it	urgency	t	Il mio treno parte tra un'ora e il biglietto non si apre.
pt	urgency	t	Meu trem sai em uma hora e a passagem não abre.
ar	urgency	t	قطاري بعد ساعة والتذكرة لا تفتح.
hi	urgency	t	मेरी ट्रेन एक घंटे में है और टिकट नहीं खुल रहा।
\.

-- 0.5 and more is urgent
CREATE TABLE reading AS
SELECT *, CASE signal WHEN 'urgency' THEN triage.urgency(document) >= 0.5 ELSE triage.wants_human(document) END AS found,
    CASE signal WHEN 'urgency' THEN triage.urgency(document, language) >= 0.5 ELSE triage.wants_human(document, language) END AS found_told
FROM sentence;
SELECT signal, CASE WHEN language IN ('en', 'de', 'es', 'fr', 'it', 'pt', 'ar', 'hi') THEN language ELSE 'other' END AS language,
    count(*) FILTER (WHERE is_one) AS there, count(*) FILTER (WHERE is_one AND found) AS found,
    count(*) FILTER (WHERE is_one AND found_told) AS found_told,
    count(*) FILTER (WHERE NOT is_one) AS not_there, count(*) FILTER (WHERE NOT is_one AND found) AS false_alarms
FROM reading GROUP BY 1, 2 ORDER BY 1, 2;
SELECT signal, language, is_one, document FROM reading WHERE is_one <> found OR is_one <> found_told ORDER BY 1, 2, 4;

-- how urgent: nothing, a wish for speed, a deadline, an outage; a wish alone never reaches an outage
SELECT round(triage.urgency(t)::numeric, 2) AS urgency, t AS document FROM (VALUES
    ('Where can I see my invoices?'), ('Please hurry'), ('asap asap ASAP!!! urgent urgent, quickly please, hurry'),
    ('I need it before Friday.'), ('Production is down for all customers.'), ('There is smoke coming out of the socket!'),
    ('Dringend, bitte schnell!'), ('¡Urgente, por favor!')) AS v(t);

-- "no rush" takes from a wish and a date, less from an outage, nothing from danger
SELECT round(triage.urgency(t)::numeric, 2) AS urgency, t AS document FROM (VALUES
    ('This is not urgent.'), ('I need it by tomorrow.'), ('I need it by tomorrow, but no rush.'),
    ('The whole site is down.'), ('The whole site is down, no rush.'),
    ('The socket is on fire.'), ('The socket is on fire, no rush.')) AS v(t);

-- a word of another language counts only where the language is not told
SELECT triage.urgency('dringend'), triage.urgency('dringend', 'de'), triage.urgency('dringend', 'en'), triage.urgency('dringend', 'und'),
    triage.urgency('dringend', 'no such language');

-- a message of a word or two
SELECT t AS document, triage.wants_human(t) FROM (VALUES ('agent'), ('Agent!'), ('HUMAN'), ('operator please'), ('Mensch'), ('humano'),
    ('The agent was kind and the operator too.'), ('humanoid'), ('')) AS v(t);

-- nothing, and hostile: long, without ends, combining, from right to left, invisible
SELECT triage.urgency(NULL), triage.wants_human(NULL), triage.urgency(''), triage.wants_human(' '), triage.urgency(NULL, 'en');
SELECT triage.urgency(t) BETWEEN 0 AND 1 AS in_range, triage.wants_human(t) FROM (VALUES (repeat('urgent ', 150000)), (repeat('x', 1000000)),
    (repeat('down ', 200000)), (repeat('not ', 250000) || 'urgent'), (repeat(U&'\0301', 300000)), (repeat(U&'\202Eurgent\202C ', 50000)),
    (repeat('!', 1000000)), (repeat('agent to a person ', 50000))) AS v(t);
SELECT triage.urgency(U&'ur\200Bgent, please hurry') = triage.urgency('urgent, please hurry') AS invisible,
    triage.urgency('ＵＲＧＥＮＴ') = triage.urgency('urgent') AS full_width;
