-- Sensitive topics: what a person must see. Own sentences, of which half only look like it.

CREATE TABLE sentence (language text, signal text, is_one boolean, document text);
COPY sentence FROM stdin;
en	legal_threat	t	If the refund is not here by Monday you will hear from my solicitor.
en	legal_threat	t	I am going to take you to court over this.
en	legal_threat	t	My attorney has been informed and will send you a letter.
en	legal_threat	t	I will file a complaint with the consumer ombudsman.
en	legal_threat	t	We reserve the right to take legal action.
en	legal_threat	t	See you in small claims.
en	legal_threat	t	I shall report your company to the regulator.
en	legal_threat	t	You are in breach of contract and we will sue.
en	legal_threat	t	Consider this a letter before action.
en	legal_threat	t	My lawyers think this is a clear case.
en	legal_threat	t	I'm contacting Trading Standards about your behaviour.
en	legal_threat	t	Expect a lawsuit.
en	legal_threat	t	I'm reporting you to the BBB and the attorney general.
en	legal_threat	t	Otherwise I will have no choice but to start legal proceedings.
en	legal_threat	t	I know my rights and I'll see you before a judge.
en	legal_threat	t	This is my final demand before I go to court.
en	legal_threat	f	Where do I find the legal notice of your site?
en	legal_threat	f	Please send the invoice to our legal department.
en	legal_threat	f	Is it legal to fly this drone in Portugal?
en	legal_threat	f	The tennis court booking shows the wrong hour.
en	legal_threat	f	I work as a lawyer and need the software for three desks.
en	legal_threat	f	Does the suit come in a larger size?
en	legal_threat	f	The trial period ended early.
en	legal_threat	f	The charge was four pounds, is that with tax?
en	legal_threat	f	Can I appeal the decision of the moderators?
en	legal_threat	f	My sister Sue will collect the parcel.
en	legal_threat	f	How is the warranty regulated?
en	legal_threat	f	The voltage regulator of the kit is missing.
en	legal_threat	f	How do I report a bug in the calendar?
en	legal_threat	f	We read the terms and the licence and accept them.
en	legal_threat	f	Do your templates include a letter to a solicitor about buying a house?
en	legal_threat	f	The court of arms print is beautiful.
en	self_harm	t	I don't want to live any more.
en	self_harm	t	Since you closed my account I keep thinking about ending my life.
en	self_harm	t	I'm going to kill myself tonight.
en	self_harm	t	Honestly I'd be better off dead.
en	self_harm	t	There is no point in going on, I want it all to end.
en	self_harm	t	I have been cutting myself again.
en	self_harm	t	He said goodbye to everyone and I think he is suicidal.
en	self_harm	t	I feel like jumping off a bridge and I mean it.
en	self_harm	t	Nobody would miss me if I was gone.
en	self_harm	t	I took all the pills in the house.
en	self_harm	t	My daughter tried to take her own life last night because of these bills.
en	self_harm	t	I can't go on like this, I just want to die.
en	self_harm	t	I am thinking of suicide.
en	self_harm	t	i wanna kms
en	self_harm	t	I wish I had never woken up this morning, life is not worth living.
en	self_harm	t	I'm scared I might hurt myself.
en	self_harm	f	How do I kill a process that hangs?
en	self_harm	f	The battery dies after an hour.
en	self_harm	f	I could have died laughing at your advert.
en	self_harm	f	This queue is killing me.
en	self_harm	f	The plant I bought from you is dying.
en	self_harm	f	I'd die for that cake, is it back in stock?
en	self_harm	f	How do I end my subscription?
en	self_harm	f	The bridge cable of the guitar jumped off.
en	self_harm	f	The cutting board arrived cracked.
en	self_harm	f	My old account is dead and I would like it removed.
en	self_harm	f	The life of the lamp is given as ten years.
en	self_harm	f	I cannot go on to the next step of the form.
en	self_harm	f	Please end this call after ten minutes automatically.
en	self_harm	f	Is the pill organiser sold in blue?
en	self_harm	f	The deadline is killing our team.
en	self_harm	f	The Suicide Squad poster came without a tube.
en	medical	t	After eating your cereal my husband had an allergic reaction and is in hospital.
en	medical	t	I got a rash from the cream.
en	medical	t	My insulin pump has stopped delivering.
en	medical	t	I burnt my hand on the kettle and it is blistering.
en	medical	t	She fainted after taking the supplement.
en	medical	t	I am pregnant, is this tea safe for me?
en	medical	t	My heart condition means I cannot carry the parcel up.
en	medical	t	The blade slipped and I needed six stitches.
en	medical	t	I was diagnosed with cancer and need to pause my membership.
en	medical	t	We all had food poisoning after your delivery.
en	medical	t	My oxygen machine will not turn on.
en	medical	t	He swallowed a piece of the plastic and cannot breathe.
en	medical	t	I have chest pain since using the belt.
en	medical	t	Can I take these tablets together with blood thinners?
en	medical	t	The fumes made me dizzy and I had to see a doctor.
en	medical	t	I had an epileptic seizure because of the flashing screen.
en	medical	f	My laptop caught a virus.
en	medical	f	Your update gave me a headache, but it works now.
en	medical	f	The doctor costume is too small.
en	medical	f	Our hospital needs a quote for forty licences.
en	medical	f	The app has a healthy number of options.
en	medical	f	The nurse character in the game is stuck.
en	medical	f	I am sick of these adverts.
en	medical	f	The heart button does not react.
en	medical	f	What is the pulse width of the signal?
en	medical	f	The operation failed with error 12.
en	medical	f	Please inject the variables into the template.
en	medical	f	Can I get the first aid kit in red?
en	medical	f	The seam of the dress needs two more stitches.
en	medical	f	My tablet does not charge.
en	medical	f	It is a pain to enter the code each time.
en	medical	f	The system health page is empty.
en	minors	t	I am 13 and I bought this without asking my parents.
en	minors	t	My son spent 200 dollars in the game without permission, he is nine.
en	minors	t	I'm a 12 year old girl and a man keeps writing to me in your chat.
en	minors	t	My daughter is underage and opened an account.
en	minors	t	A child is using this account.
en	minors	t	I'm only fifteen, can I still order?
en	minors	t	Someone is sending dirty pictures to kids on your platform.
en	minors	t	My 7-year-old got hold of my phone and bought coins.
en	minors	t	The profile belongs to a minor, please remove it.
en	minors	t	My kid is being bullied in your app.
en	minors	t	i am in 6th grade and my mom doesnt know about this
en	minors	t	Our little boy ordered it with my card by accident.
en	minors	t	I am not 18 yet, do I need a parent to sign?
en	minors	t	My nephew is eleven and saw adult content on your site.
en	minors	t	The toy broke and my toddler put the magnets in her mouth.
en	minors	t	Please delete the photos of my children, I did not agree to them.
en	minors	f	I bought the kids' bike two sizes too small.
en	minors	f	It is a minor problem with the layout.
en	minors	f	How do I remove a child theme in the editor?
en	minors	f	The child process exits with code 1.
en	minors	f	My children are grown up and gave me this for my birthday.
en	minors	f	The baby monitor has no picture.
en	minors	f	Is the pram available in grey?
en	minors	f	I have been a customer for 15 years.
en	minors	f	The whisky is 12 years old, is it not?
en	minors	f	My son, who is a lawyer, recommended you.
en	minors	f	Are there family tickets for two adults and two children?
en	minors	f	The parent folder cannot be moved.
en	minors	f	You must be kidding me.
en	minors	f	Does the school licence include support?
en	minors	f	The minor version number is wrong.
en	minors	f	My account is 14 years old.
en	fraud	t	Someone used my card for three purchases I never made.
en	fraud	t	I think my account was hacked, the e-mail address was changed.
en	fraud	t	I got a message in your name asking for my PIN, is it a scam?
en	fraud	t	There is a transfer on my statement that I don't recognise.
en	fraud	t	My identity was stolen and a loan taken out.
en	fraud	t	I did not authorise this payment.
en	fraud	t	A seller took my money and disappeared.
en	fraud	t	This is fraud, plain and simple.
en	fraud	t	Somebody logged in from another country and emptied my wallet.
en	fraud	t	My purse was stolen with the credit card in it, please block it.
en	fraud	t	I clicked the link in a phishing mail and entered my password.
en	fraud	t	Your courier's website looks fake and wanted my card number.
en	fraud	t	Unknown charge of 89 euros from your shop, I never ordered anything.
en	fraud	t	They tricked my grandmother into buying gift cards.
en	fraud	t	The ticket I bought on your marketplace turned out to be counterfeit.
en	fraud	t	My account has been compromised.
en	fraud	f	How do I set up the fraud filter in my shop?
en	fraud	f	I forgot my password and cannot log in.
en	fraud	f	The stolen vehicle tracker works well.
en	fraud	f	You charged me for shipping although it should be free.
en	fraud	f	The fake fur jacket is very soft.
en	fraud	f	Which hacks do you recommend for saving ink?
en	fraud	f	I would like to block my newsletter.
en	fraud	f	My payment was declined twice.
en	fraud	f	Can I transfer my licence to another person?
en	fraud	f	The scanner does not recognise my paper.
en	fraud	f	I would like to authorise my husband to use the account.
en	fraud	f	The credit card form does not load.
en	fraud	f	Is the phishing training course part of the premium plan?
en	fraud	f	I changed my e-mail address, please update it.
en	fraud	f	The security code never arrives by text message.
en	fraud	f	The game hackathon was fun, thanks.
en	press	t	I am a reporter with the Evening Herald and would like a comment.
en	press	t	If this isn't fixed I'm going to the newspapers.
en	press	t	I write for a tech magazine and am working on a story about your outage.
en	press	t	The local TV station is interested in my case.
en	press	t	I'll post all of this on Twitter and let it go viral.
en	press	t	We are preparing an article on your company, who is the press contact?
en	press	t	My next step is the media.
en	press	t	Journalist here, deadline at five, can somebody give me a statement?
en	press	t	I'm going to tell my 200,000 followers on Instagram what you did.
en	press	t	Media enquiry: number of affected users?
en	press	t	A television crew will be at your door on Monday.
en	press	t	I will make this public on every social network.
en	press	t	For our radio programme we would like to interview your CEO.
en	press	t	I'm a blogger and everyone will read about this.
en	press	t	The BBC consumer programme will love this story.
en	press	t	Request for comment on the data leak for publication tomorrow
en	press	f	Press and hold the button for ten seconds, then what?
en	press	f	The French press leaks.
en	press	f	I posted the parcel on Tuesday.
en	press	f	How do I share an article to Twitter from the app?
en	press	f	My TV shows no picture.
en	press	f	The story mode of the game freezes.
en	press	f	Please cancel my newspaper subscription.
en	press	f	How do I make my profile public?
en	press	f	The media player skips every second song.
en	press	f	How can I hide the number of my followers?
en	press	f	The radio alarm clock loses the time.
en	press	f	The press release template is missing in the editor.
en	press	f	I saw your article about batteries and have a question about mine.
en	press	f	When will the magazine rack be back in stock?
en	press	f	I found you through a blog, do you have a discount?
en	press	f	The interview scheduling tool shows the wrong time zone.
en	violence	t	I know where your office is and I will come and hurt somebody.
en	violence	t	I'm going to kill whoever did this to my account.
en	violence	t	You should watch your back.
en	violence	t	I will burn your shop down.
en	violence	t	Next time I bring a gun.
en	violence	t	I'll smash your driver's face in.
en	violence	t	There is a bomb in your building.
en	violence	t	My partner beats me and reads my messages.
en	violence	t	Your driver hit me and threatened me with a knife.
en	violence	t	He threatened to kill me in your chat.
en	violence	t	My ex is stalking me through your app.
en	violence	t	I will find out where you live.
en	violence	t	I was attacked by your doorman.
en	violence	t	You will pay for this with your life.
en	violence	t	I was raped by a driver of your platform.
en	violence	f	The kill switch of the mower is broken.
en	violence	f	The bath bomb arrived broken.
en	violence	f	Your prices beat everybody else's.
en	violence	f	The new version blew me away.
en	violence	f	Can I shoot in raw format with this camera?
en	violence	f	The knife set lacks one knife.
en	violence	f	My heat gun does not get warm.
en	violence	f	I was hit with a late fee.
en	violence	f	The watch is running late.
en	violence	f	How do I burn a disc?
en	violence	f	The boss fight in level three cannot be won.
en	violence	f	You guys killed it with this update.
en	violence	f	The smash hits playlist is gone.
en	violence	f	How do I attack with the second player?
en	violence	f	Where do I find the address of your office?
en	data_protection	t	Under the GDPR I request a copy of everything you hold on me.
en	data_protection	t	Delete all my personal data at once and confirm it.
en	data_protection	t	You sent me another customer's invoice with his name and address.
en	data_protection	t	I can see other people's orders in my account.
en	data_protection	t	This is a subject access request.
en	data_protection	t	I withdraw my consent to the processing of my data.
en	data_protection	t	How could my address get into the hands of advertisers? That is a data breach.
en	data_protection	t	Please name your data protection officer.
en	data_protection	t	I want to be forgotten, erase my account and all data.
en	data_protection	t	My personal information has been leaked on the internet.
en	data_protection	t	Why did you share my data with third parties without asking?
en	data_protection	t	As a California resident I opt out of the sale of my information under the CCPA.
en	data_protection	t	I object to profiling.
en	data_protection	t	Your staff published my private phone number.
en	data_protection	t	Your mailing put all recipients in copy, now everybody has my address.
en	data_protection	f	How do I delete a row of data in the sheet?
en	data_protection	f	The import of my data stops at row 80.
en	data_protection	f	My mobile data is used up.
en	data_protection	f	Where do I switch on the privacy screen?
en	data_protection	f	The data cable is too short.
en	data_protection	f	How do I delete a product from the basket?
en	data_protection	f	Please change my personal data: I have moved.
en	data_protection	f	How do I export the data as a spreadsheet?
en	data_protection	f	The sound profile is erased after each restart.
en	data_protection	f	The pipe leaked again.
en	data_protection	f	I request a copy of the invoice.
en	data_protection	f	Is there a screen protection for this phone?
en	data_protection	f	Can I share my playlist with others?
en	data_protection	f	We want to use your form for our GDPR consent text, which plan has it?
en	data_protection	f	The access request for the shared folder was never approved.
en	discrimination	t	I was refused service because I am black.
en	discrimination	t	Your employee made racist remarks.
en	discrimination	t	That is discrimination against disabled people.
en	discrimination	t	They would not let me in because of my headscarf.
en	discrimination	t	As a gay couple we were treated with contempt.
en	discrimination	t	Your driver refused to take my wheelchair.
en	discrimination	t	I am treated differently because I'm a woman.
en	discrimination	t	The agent mocked my accent and told me to go back to my country.
en	discrimination	t	Your algorithm charges people of my religion more.
en	discrimination	t	The host cancelled as soon as he saw my Arabic name.
en	discrimination	t	I was called a homophobic slur by your staff.
en	discrimination	t	This is sexist and unacceptable.
en	discrimination	t	I was denied the job because of my age.
en	discrimination	t	They turned me away with my guide dog.
en	discrimination	t	I feel discriminated against.
en	discrimination	f	The black one is out of stock.
en	discrimination	f	Is the entrance suitable for a wheelchair?
en	discrimination	f	The race results are not shown.
en	discrimination	f	Do you have women's sizes?
en	discrimination	f	The age check fails although I typed my birthday.
en	discrimination	f	The keyboard has no Arabic layout.
en	discrimination	f	My country is not in the list.
en	discrimination	f	Is the filter able to discriminate between two signals?
en	discrimination	f	The accent colour of the theme cannot be changed.
en	discrimination	f	Does the film have a scene for the disabled button state?
en	discrimination	f	My card was refused because of the amount.
en	discrimination	f	I would like to order a headscarf in red.
en	discrimination	f	The dog lead broke.
en	discrimination	f	The option is disabled for my plan.
en	discrimination	f	The religion books category is empty.
de	legal_threat	t	Dann sehen wir uns vor Gericht.
de	legal_threat	t	Ich übergebe die Sache meinem Anwalt.
de	legal_threat	t	Ich werde Anzeige erstatten.
de	legal_threat	t	Sonst wende ich mich an die Verbraucherzentrale.
de	legal_threat	f	Wir sind eine Anwaltskanzlei und brauchen drei Lizenzen.
de	legal_threat	f	Die Anzeige am Display ist dunkel.
de	legal_threat	f	Das Gericht aus dem Kochbuch ist gelungen.
de	legal_threat	f	Wo finde ich die rechtlichen Hinweise?
de	self_harm	t	Ich will nicht mehr leben.
de	self_harm	t	Ich denke daran, mir das Leben zu nehmen.
de	self_harm	t	Am liebsten wäre ich tot.
de	self_harm	t	Mein Bruder hat sich geritzt und will sich umbringen.
de	self_harm	f	Der Akku ist nach zwei Stunden tot.
de	self_harm	f	Ich habe mich fast totgelacht.
de	self_harm	f	Wie beende ich mein Abo?
de	self_harm	f	Die Lebensdauer der Lampe ist zu kurz.
de	medical	t	Nach dem Essen hatte mein Kind eine allergische Reaktion.
de	medical	t	Ich habe mich am Bügeleisen verbrannt und war beim Arzt.
de	medical	t	Mein Beatmungsgerät ist ausgefallen.
de	medical	t	Darf ich das in der Schwangerschaft einnehmen?
de	medical	f	Mein Rechner hat einen Virus.
de	medical	f	Das Arztkostüm ist zu klein.
de	medical	f	Das Tablet lädt nicht.
de	medical	f	Die Operation wurde mit Fehler 7 abgebrochen.
de	minors	t	Ich bin erst 14, darf ich das bestellen?
de	minors	t	Mein Sohn hat ohne zu fragen für 300 Euro Münzen gekauft.
de	minors	t	Ein Mann schreibt meiner zehnjährigen Tochter über Ihre App.
de	minors	t	Das Konto gehört einer Minderjährigen.
de	minors	f	Das Kinderfahrrad ist zu groß.
de	minors	f	Ich bin seit 14 Jahren Kunde.
de	minors	f	Meine Kinder sind längst erwachsen und haben mir das geschenkt.
de	minors	f	Der Kindprozess hängt.
de	fraud	t	Jemand hat mit meiner Karte eingekauft, ich war das nicht.
de	fraud	t	Mein Konto wurde gehackt.
de	fraud	t	Ich bin auf eine gefälschte Mail von Ihnen hereingefallen.
de	fraud	t	Diese Abbuchung habe ich nie genehmigt.
de	fraud	f	Ich habe mein Passwort vergessen.
de	fraud	f	Das Kunstfell ist schön weich, obwohl es nicht echt ist.
de	fraud	f	Meine Zahlung wurde abgelehnt.
de	fraud	f	Wie stelle ich den Betrugsfilter im Shop ein?
de	press	t	Ich bin Journalistin und schreibe über den Ausfall bei Ihnen.
de	press	t	Dann gehe ich damit an die Presse.
de	press	t	Das Fernsehen interessiert sich schon für meinen Fall.
de	press	t	Das stelle ich auf Facebook, dann wissen es alle.
de	press	f	Die Knoblauchpresse ist verbogen.
de	press	f	Mein Fernseher zeigt kein Bild.
de	press	f	Bitte kündigen Sie mein Zeitungsabo.
de	press	f	Wie teile ich ein Foto auf Facebook?
es	legal_threat	t	Voy a denunciarles.
es	legal_threat	t	Mi abogado se pondrá en contacto con ustedes.
es	legal_threat	t	Nos veremos en los tribunales.
es	legal_threat	t	Presentaré una reclamación en la oficina de consumo.
es	legal_threat	f	¿Dónde está el aviso legal?
es	legal_threat	f	Somos un despacho de abogados y necesitamos tres licencias.
es	legal_threat	f	La demanda del producto es alta, ¿cuándo vuelve?
es	legal_threat	f	El periodo de prueba terminó antes.
es	self_harm	t	No quiero seguir viviendo.
es	self_harm	t	Estoy pensando en quitarme la vida.
es	self_harm	t	Me quiero morir.
es	self_harm	t	Mi hermana se corta los brazos y habla de suicidarse.
es	self_harm	f	La batería se muere en una hora.
es	self_harm	f	Me muero de risa con su anuncio.
es	self_harm	f	¿Cómo termino la suscripción?
es	self_harm	f	La vida útil de la bombilla es corta.
es	medical	t	Después de comerlo mi hijo tuvo una reacción alérgica.
es	medical	t	Me quemé la mano con la plancha y fui al hospital.
es	medical	t	Se ha parado mi bomba de insulina.
es	medical	t	Estoy embarazada, ¿puedo tomarlo?
es	medical	f	Mi ordenador tiene un virus.
es	medical	f	El disfraz de médico es pequeño.
es	medical	f	La tableta no carga.
es	medical	f	La operación falló con el error 7.
es	minors	t	Tengo 13 años, ¿puedo comprar?
es	minors	t	Mi hijo gastó 200 euros en el juego sin permiso.
es	minors	t	Un hombre le escribe a mi hija de diez años por su chat.
es	minors	t	Esa cuenta es de una menor de edad.
es	minors	f	La bici de niño es muy grande.
es	minors	f	Soy cliente desde hace 14 años.
es	minors	f	Mis hijos ya son mayores y me lo regalaron.
es	minors	f	El precio es menor en otra tienda.
es	fraud	t	Alguien ha comprado con mi tarjeta y no he sido yo.
es	fraud	t	Me han hackeado la cuenta.
es	fraud	t	Caí en un correo falso con su nombre.
es	fraud	t	No reconozco ese cargo.
es	fraud	f	Olvidé mi contraseña.
es	fraud	f	Mi pago fue rechazado.
es	fraud	f	La piel falsa es muy suave.
es	fraud	f	Me cobraron el envío y era gratis.
es	press	t	Soy periodista y escribo sobre la caída del servicio.
es	press	t	Se lo voy a contar a la prensa.
es	press	t	Lo publicaré en todas las redes sociales.
es	press	t	La televisión ya se interesa por mi caso.
es	press	f	La prensa de ajo llegó doblada.
es	press	f	Mi televisión no tiene imagen.
es	press	f	Quiero cancelar la suscripción al periódico.
es	press	f	¿Cómo comparto una foto en las redes sociales?
fr	legal_threat	t	Je vais porter plainte.
fr	legal_threat	t	Mon avocat prendra contact avec vous.
fr	legal_threat	t	On se retrouvera au tribunal.
fr	legal_threat	t	Je saisirai la répression des fraudes.
fr	legal_threat	f	Où sont les mentions légales ?
fr	legal_threat	f	Nous sommes un cabinet d'avocats et il nous faut trois licences.
fr	legal_threat	f	La période d'essai s'est terminée trop tôt.
fr	legal_threat	f	Ma voisine se plaint du bruit de la machine.
fr	self_harm	t	Je ne veux plus vivre.
fr	self_harm	t	Je pense à en finir avec la vie.
fr	self_harm	t	J'ai envie de mourir.
fr	self_harm	t	Ma fille se scarifie et parle de suicide.
fr	self_harm	f	La batterie est morte au bout d'une heure.
fr	self_harm	f	J'étais mort de rire devant votre pub.
fr	self_harm	f	Comment mettre fin à mon abonnement ?
fr	self_harm	f	La durée de vie de l'ampoule est courte.
fr	medical	t	Après en avoir mangé mon fils a fait une réaction allergique.
fr	medical	t	Je me suis brûlé la main avec le fer et j'ai dû aller à l'hôpital.
fr	medical	t	Ma pompe à insuline s'est arrêtée.
fr	medical	t	Je suis enceinte, puis-je en prendre ?
fr	medical	f	Mon ordinateur a un virus.
fr	medical	f	Le déguisement de docteur est trop petit.
fr	medical	f	La tablette ne charge pas.
fr	medical	f	L'opération a échoué avec l'erreur 7.
fr	minors	t	J'ai 13 ans, est-ce que je peux commander ?
fr	minors	t	Mon fils a dépensé 200 euros dans le jeu sans permission.
fr	minors	t	Un homme écrit à ma fille de dix ans sur votre messagerie.
fr	minors	t	Ce compte appartient à une mineure.
fr	minors	f	Le vélo enfant est trop grand.
fr	minors	f	Je suis client depuis 14 ans.
fr	minors	f	Mes enfants sont adultes et me l'ont offert.
fr	minors	f	C'est un défaut mineur.
fr	fraud	t	Quelqu'un a payé avec ma carte et ce n'est pas moi.
fr	fraud	t	On a piraté mon compte.
fr	fraud	t	Je me suis fait avoir par un faux message à votre nom.
fr	fraud	t	Je n'ai jamais autorisé ce prélèvement.
fr	fraud	f	J'ai oublié mon mot de passe.
fr	fraud	f	Mon paiement a été refusé.
fr	fraud	f	La fausse fourrure est très douce.
fr	fraud	f	Vous m'avez facturé le port alors qu'il est offert.
fr	press	t	Je suis journaliste et j'écris sur votre panne.
fr	press	t	Je vais prévenir la presse.
fr	press	t	Je vais tout publier sur les réseaux sociaux.
fr	press	t	La télévision s'intéresse déjà à mon affaire.
fr	press	f	Le presse-agrumes est cassé.
fr	press	f	Ma télévision n'a plus d'image.
fr	press	f	Je voudrais résilier mon abonnement au journal.
fr	press	f	Comment partager une photo sur les réseaux sociaux ?
it	legal_threat	t	Vi denuncio.
it	legal_threat	t	Il mio avvocato vi contatterà.
it	legal_threat	t	Ci vediamo in tribunale.
it	legal_threat	t	Mi rivolgerò a un'associazione dei consumatori.
it	legal_threat	f	Dove trovo le note legali?
it	legal_threat	f	Siamo uno studio legale e ci servono tre licenze.
it	legal_threat	f	Il periodo di prova è finito prima.
it	legal_threat	f	Ho una causa in corso col vicino e mi serve una fotocopiatrice.
it	self_harm	t	Non voglio più vivere.
it	self_harm	t	Penso di farla finita.
it	self_harm	t	Vorrei morire.
it	self_harm	t	Mia figlia si taglia e parla di suicidio.
it	self_harm	f	La batteria muore dopo un'ora.
it	self_harm	f	Sono morto dal ridere con la vostra pubblicità.
it	self_harm	f	Come faccio a chiudere l'abbonamento?
it	self_harm	f	La vita della lampadina è breve.
it	medical	t	Dopo averlo mangiato mio figlio ha avuto una reazione allergica.
it	medical	t	Mi sono bruciato la mano col ferro e sono andato al pronto soccorso.
it	medical	t	Il mio microinfusore di insulina si è fermato.
it	medical	t	Sono incinta, posso prenderlo?
it	medical	f	Il mio computer ha un virus.
it	medical	f	Il costume da dottore è piccolo.
it	medical	f	Il tablet non si carica.
it	medical	f	L'operazione è fallita con errore 7.
it	minors	t	Ho 13 anni, posso comprare?
it	minors	t	Mio figlio ha speso 200 euro nel gioco senza permesso.
it	minors	t	Un uomo scrive a mia figlia di dieci anni nella vostra chat.
it	minors	t	Quell'account è di una minorenne.
it	minors	f	La bici da bambino è troppo grande.
it	minors	f	Sono cliente da 14 anni.
it	minors	f	I miei figli sono grandi e me l'hanno regalato.
it	minors	f	È un difetto minore.
it	fraud	t	Qualcuno ha pagato con la mia carta e non sono stato io.
it	fraud	t	Mi hanno hackerato l'account.
it	fraud	t	Sono cascato in una mail falsa a vostro nome.
it	fraud	t	Non riconosco questo addebito.
it	fraud	f	Ho dimenticato la password.
it	fraud	f	Il mio pagamento è stato rifiutato.
it	fraud	f	La pelliccia finta è molto morbida.
it	fraud	f	Mi avete addebitato la spedizione che era gratis.
it	press	t	Sono una giornalista e scrivo del vostro disservizio.
it	press	t	Lo racconterò ai giornali.
it	press	t	Pubblicherò tutto sui social.
it	press	t	La televisione si interessa già al mio caso.
it	press	f	Lo spremiagrumi è arrivato rotto.
it	press	f	La mia televisione non ha immagine.
it	press	f	Vorrei disdire l'abbonamento al giornale.
it	press	f	Come condivido una foto sui social?
pt	legal_threat	t	Vou processar vocês.
pt	legal_threat	t	Meu advogado vai entrar em contato.
pt	legal_threat	t	Nos vemos no tribunal.
pt	legal_threat	t	Vou reclamar no Procon.
pt	legal_threat	f	Onde fica o aviso legal?
pt	legal_threat	f	Somos um escritório de advocacia e precisamos de três licenças.
pt	legal_threat	f	O pedido ainda está sendo processado.
pt	legal_threat	f	O período de teste acabou antes.
pt	self_harm	t	Não quero mais viver.
pt	self_harm	t	Estou pensando em acabar com a minha vida.
pt	self_harm	t	Queria estar morto.
pt	self_harm	t	Minha irmã se corta e fala em suicídio.
pt	self_harm	f	A bateria morre em uma hora.
pt	self_harm	f	Morri de rir com o anúncio.
pt	self_harm	f	Como encerro a assinatura?
pt	self_harm	f	A vida útil da lâmpada é curta.
pt	medical	t	Depois de comer, meu filho teve uma reação alérgica.
pt	medical	t	Queimei a mão no ferro e fui ao hospital.
pt	medical	t	Minha bomba de insulina parou.
pt	medical	t	Estou grávida, posso tomar?
pt	medical	f	Meu computador está com vírus.
pt	medical	f	A fantasia de médico é pequena.
pt	medical	f	O tablet não carrega.
pt	medical	f	A operação falhou com o erro 7.
pt	minors	t	Tenho 13 anos, posso comprar?
pt	minors	t	Meu filho gastou 200 reais no jogo sem permissão.
pt	minors	t	Um homem escreve para minha filha de dez anos no chat de vocês.
pt	minors	t	Essa conta é de uma menor de idade.
pt	minors	f	A bicicleta infantil é grande demais.
pt	minors	f	Sou cliente há 14 anos.
pt	minors	f	Meus filhos já são adultos e me deram de presente.
pt	minors	f	O preço é menor em outra loja.
pt	fraud	t	Alguém comprou com o meu cartão e não fui eu.
pt	fraud	t	Minha conta foi invadida.
pt	fraud	t	Caí num e-mail falso em nome de vocês.
pt	fraud	t	Não reconheço essa cobrança.
pt	fraud	f	Esqueci a minha senha.
pt	fraud	f	Meu pagamento foi recusado.
pt	fraud	f	O couro falso é muito macio.
pt	fraud	f	Cobraram o frete que era grátis.
pt	press	t	Sou jornalista e escrevo sobre a queda do serviço.
pt	press	t	Vou contar tudo à imprensa.
pt	press	t	Vou postar isso em todas as redes sociais.
pt	press	t	A televisão já se interessa pelo meu caso.
pt	press	f	O espremedor chegou quebrado.
pt	press	f	Minha televisão está sem imagem.
pt	press	f	Quero cancelar a assinatura do jornal.
pt	press	f	Como compartilho uma foto nas redes sociais?
ar	legal_threat	t	سأرفع عليكم قضية.
ar	legal_threat	t	سيتواصل معكم المحامي الخاص بي.
ar	legal_threat	t	سنلتقي في المحكمة.
ar	legal_threat	t	سأشتكي إلى حماية المستهلك.
ar	legal_threat	f	أين أجد الإشعار القانوني؟
ar	legal_threat	f	نحن مكتب محاماة ونحتاج ثلاث رخص.
ar	legal_threat	f	انتهت الفترة التجريبية مبكرا.
ar	legal_threat	f	هل هذا الجهاز قانوني في دبي؟
ar	self_harm	t	لا أريد أن أعيش بعد الآن.
ar	self_harm	t	أفكر في إنهاء حياتي.
ar	self_harm	t	أتمنى الموت.
ar	self_harm	t	أخي يتحدث عن الانتحار.
ar	self_harm	f	البطارية تموت بعد ساعة.
ar	self_harm	f	مت من الضحك على إعلانكم.
ar	self_harm	f	كيف أنهي الاشتراك؟
ar	self_harm	f	عمر المصباح قصير.
ar	medical	t	بعد أن أكله ابني أصيب بحساسية شديدة.
ar	medical	t	احترقت يدي من المكواة وذهبت إلى المستشفى.
ar	medical	t	توقفت مضخة الأنسولين عن العمل.
ar	medical	t	أنا حامل، هل أستطيع تناوله؟
ar	medical	f	جهازي فيه فيروس.
ar	medical	f	زي الطبيب صغير جدا.
ar	medical	f	الجهاز اللوحي لا يشحن.
ar	medical	f	فشلت العملية برقم خطأ 7.
ar	minors	t	عمري 13 سنة، هل أستطيع الشراء؟
ar	minors	t	ابني أنفق 200 ريال في اللعبة بدون إذن.
ar	minors	t	رجل يراسل ابنتي ذات العشر سنوات.
ar	minors	t	هذا الحساب لطفلة قاصر.
ar	minors	f	دراجة الأطفال كبيرة جدا.
ar	minors	f	أنا عميل منذ 14 سنة.
ar	minors	f	أولادي كبار وأهدوني هذا.
ar	minors	f	سرير الطفل متوفر باللون الرمادي؟
ar	fraud	t	شخص ما استخدم بطاقتي ولم أكن أنا.
ar	fraud	t	تم اختراق حسابي.
ar	fraud	t	وصلتني رسالة مزيفة باسمكم تطلب الرقم السري.
ar	fraud	t	لا أعرف هذه العملية ولم أصرح بها.
ar	fraud	f	نسيت كلمة المرور.
ar	fraud	f	تم رفض عملية الدفع.
ar	fraud	f	الفرو الصناعي ناعم جدا.
ar	fraud	f	حسبتم علي الشحن وهو مجاني.
ar	press	t	أنا صحفية وأكتب عن تعطل خدمتكم.
ar	press	t	سأخبر الصحافة بكل شيء.
ar	press	t	سأنشر هذا في كل مواقع التواصل.
ar	press	t	التلفزيون مهتم بقضيتي.
ar	press	f	عصارة الليمون وصلت مكسورة.
ar	press	f	التلفزيون بلا صورة.
ar	press	f	أريد إلغاء اشتراك الجريدة.
ar	press	f	كيف أشارك صورة على مواقع التواصل؟
hi	legal_threat	t	मैं आप पर मुकदमा करूँगा।
hi	legal_threat	t	मेरा वकील आपसे संपर्क करेगा।
hi	legal_threat	t	अब अदालत में मिलेंगे।
hi	legal_threat	t	मैं उपभोक्ता फोरम में शिकायत करूँगी।
hi	legal_threat	f	कानूनी सूचना कहाँ मिलेगी?
hi	legal_threat	f	मैं वकील हूँ और मुझे तीन लाइसेंस चाहिए।
hi	legal_threat	f	परीक्षण अवधि जल्दी खत्म हो गई।
hi	legal_threat	f	टेनिस कोर्ट की बुकिंग गलत दिख रही है।
hi	self_harm	t	मैं अब जीना नहीं चाहता।
hi	self_harm	t	मैं अपनी जान देने की सोच रही हूँ।
hi	self_harm	t	मैं मर जाना चाहता हूँ।
hi	self_harm	t	मेरा भाई आत्महत्या की बात करता है।
hi	self_harm	f	बैटरी एक घंटे में खत्म हो जाती है।
hi	self_harm	f	आपका विज्ञापन देखकर हँसते हँसते मर गया।
hi	self_harm	f	सदस्यता कैसे समाप्त करूँ?
hi	self_harm	f	बल्ब का जीवनकाल कम है।
hi	medical	t	खाने के बाद मेरे बेटे को एलर्जी हो गई।
hi	medical	t	इस्त्री से मेरा हाथ जल गया और अस्पताल जाना पड़ा।
hi	medical	t	मेरा इंसुलिन पंप बंद हो गया है।
hi	medical	t	मैं गर्भवती हूँ, क्या मैं इसे ले सकती हूँ?
hi	medical	f	मेरे कंप्यूटर में वायरस है।
hi	medical	f	डॉक्टर की पोशाक छोटी है।
hi	medical	f	टैबलेट चार्ज नहीं होता।
hi	medical	f	त्रुटि 7 के साथ कार्य विफल हुआ।
hi	minors	t	मैं 13 साल का हूँ, क्या मैं खरीद सकता हूँ?
hi	minors	t	मेरे बेटे ने बिना पूछे गेम में 2000 रुपये खर्च कर दिए।
hi	minors	t	एक आदमी मेरी दस साल की बेटी को संदेश भेज रहा है।
hi	minors	t	यह खाता एक नाबालिग का है।
hi	minors	f	बच्चों की साइकिल बहुत बड़ी है।
hi	minors	f	मैं 14 साल से ग्राहक हूँ।
hi	minors	f	मेरे बच्चे बड़े हो चुके हैं और उन्होंने यह तोहफा दिया।
hi	minors	f	बेबी मॉनिटर में तस्वीर नहीं आती।
hi	fraud	t	किसी ने मेरे कार्ड से खरीदारी की, मैंने नहीं की।
hi	fraud	t	मेरा खाता हैक हो गया है।
hi	fraud	t	आपके नाम से नकली मैसेज आया और मैंने ओटीपी दे दिया।
hi	fraud	t	मैंने यह भुगतान कभी नहीं किया, यह धोखाधड़ी है।
hi	fraud	f	मैं पासवर्ड भूल गया।
hi	fraud	f	मेरा भुगतान अस्वीकार हो गया।
hi	fraud	f	नकली फर बहुत मुलायम है।
hi	fraud	f	डिलीवरी का पैसा ले लिया जबकि वह मुफ्त थी।
hi	press	t	मैं पत्रकार हूँ और आपकी सेवा बंद होने पर लिख रही हूँ।
hi	press	t	मैं यह सब मीडिया को बताऊँगा।
hi	press	t	मैं इसे सोशल मीडिया पर डाल दूँगा।
hi	press	t	टीवी चैनल मेरे मामले में रुचि ले रहा है।
hi	press	f	नींबू निचोड़ने वाला टूटा हुआ आया।
hi	press	f	मेरे टीवी में तस्वीर नहीं आती।
hi	press	f	मैं अखबार की सदस्यता रद्द करना चाहता हूँ।
hi	press	f	सोशल मीडिया पर फोटो कैसे साझा करूँ?
de	violence	t	Ich komme vorbei und schlage Ihnen die Zähne ein.
de	violence	t	In Ihrem Gebäude liegt eine Bombe.
de	violence	f	Die Badebombe kam zerbrochen an.
de	violence	f	Das Messerset ist unvollständig.
de	data_protection	t	Ich verlange Auskunft nach der DSGVO.
de	data_protection	t	Löschen Sie sofort alle meine personenbezogenen Daten.
de	data_protection	f	Mein Datenvolumen ist aufgebraucht.
de	data_protection	f	Wie lösche ich eine Zeile in der Tabelle?
de	discrimination	t	Ich wurde wegen meiner Hautfarbe nicht bedient.
de	discrimination	t	Ihr Fahrer hat sich rassistisch geäußert.
de	discrimination	f	Die Funktion ist für meinen Tarif deaktiviert.
de	discrimination	f	Gibt es das auch in anderer Farbe?
es	violence	t	Iré a su oficina y les romperé la cara.
es	violence	t	Hay una bomba en el edificio.
es	violence	f	La bomba de agua no arranca.
es	violence	f	Falta un cuchillo en el juego.
es	data_protection	t	Según el RGPD solicito una copia de mis datos.
es	data_protection	t	Borren todos mis datos personales.
es	data_protection	f	Se me acabaron los datos móviles.
es	data_protection	f	¿Cómo borro una fila de la tabla?
es	discrimination	t	No me atendieron por ser negro.
es	discrimination	t	Su empleado hizo comentarios racistas.
es	discrimination	f	El negro está agotado.
es	discrimination	f	¿Es accesible para silla de ruedas?
fr	violence	t	Je vais venir vous casser la figure.
fr	violence	t	Il y a une bombe dans votre immeuble.
fr	violence	f	La bombe de peinture est vide.
fr	violence	f	Il manque un couteau dans le coffret.
fr	data_protection	t	Au titre du RGPD je demande une copie de mes données.
fr	data_protection	t	Supprimez toutes mes données personnelles.
fr	data_protection	f	Je n'ai plus de données mobiles.
fr	data_protection	f	Comment supprimer une ligne du tableau ?
fr	discrimination	t	On a refusé de me servir à cause de ma couleur de peau.
fr	discrimination	t	Votre employé a tenu des propos racistes.
fr	discrimination	f	La couleur de la coque est fausse.
fr	discrimination	f	L'entrée est-elle accessible en fauteuil ?
it	violence	t	Vengo lì e vi spacco la faccia.
it	violence	t	C'è una bomba nel vostro palazzo.
it	violence	f	La bomba da bagno è arrivata rotta.
it	violence	f	Manca un coltello nel set.
it	data_protection	t	Ai sensi del GDPR chiedo copia dei miei dati.
it	data_protection	t	Cancellate tutti i miei dati personali.
it	data_protection	f	Ho finito i dati mobili.
it	data_protection	f	Come cancello una riga della tabella?
it	discrimination	t	Non mi hanno servito per il colore della pelle.
it	discrimination	t	Il vostro dipendente ha fatto commenti razzisti.
it	discrimination	f	Il colore della custodia è sbagliato.
it	discrimination	f	L'ingresso è accessibile in carrozzina?
pt	violence	t	Vou aí e quebro a cara de vocês.
pt	violence	t	Tem uma bomba no prédio.
pt	violence	f	A bomba de água não liga.
pt	violence	f	Falta uma faca no conjunto.
pt	data_protection	t	Com base na LGPD solicito uma cópia dos meus dados.
pt	data_protection	t	Apaguem todos os meus dados pessoais.
pt	data_protection	f	Acabaram meus dados móveis.
pt	data_protection	f	Como apago uma linha da tabela?
pt	discrimination	t	Não me atenderam por eu ser negro.
pt	discrimination	t	O funcionário fez comentários racistas.
pt	discrimination	f	O preto está esgotado.
pt	discrimination	f	A entrada é acessível para cadeira de rodas?
ar	violence	t	سآتي إلى مكتبكم وأضربكم.
ar	violence	t	توجد قنبلة في المبنى.
ar	violence	f	قنبلة الاستحمام وصلت مكسورة.
ar	violence	f	ينقص سكين من الطقم.
ar	data_protection	t	احذفوا كل بياناتي الشخصية.
ar	data_protection	t	تم تسريب بياناتي الشخصية.
ar	data_protection	f	انتهت باقة بيانات الهاتف.
ar	data_protection	f	كيف أحذف صفا من الجدول؟
ar	discrimination	t	رفضوا خدمتي بسبب لون بشرتي.
ar	discrimination	t	هذا تمييز عنصري.
ar	discrimination	f	اللون الأسود غير متوفر.
ar	discrimination	f	هل المدخل مناسب للكرسي المتحرك؟
hi	violence	t	मैं तुम्हारे दफ्तर आकर तुम्हें मार डालूँगा।
hi	violence	t	इमारत में बम है।
hi	violence	f	बाथ बम टूटा हुआ आया।
hi	violence	f	सेट में एक चाकू कम है।
hi	data_protection	t	मेरा सारा व्यक्तिगत डेटा हटा दीजिए।
hi	data_protection	t	मेरा निजी डेटा लीक हो गया।
hi	data_protection	f	मेरा मोबाइल डेटा खत्म हो गया।
hi	data_protection	f	तालिका की पंक्ति कैसे हटाऊँ?
hi	discrimination	t	मेरी जाति की वजह से मुझे सेवा नहीं दी गई।
hi	discrimination	t	यह भेदभाव है।
hi	discrimination	f	काला रंग उपलब्ध नहीं है।
hi	discrimination	f	क्या यह व्हीलचेयर के लिए ठीक है?
en	legal_threat	t	You leave me no option but to involve my lawyer.
en	legal_threat	t	I will lodge a complaint with the financial ombudsman.
en	legal_threat	t	We will recover the money through the courts.
en	legal_threat	t	I'll be pressing charges.
en	legal_threat	t	Our counsel advises us to seek damages.
en	legal_threat	f	Do you sell legal pads?
en	legal_threat	f	The basketball court light is broken.
en	legal_threat	f	Is there a discount for law students?
en	self_harm	t	Sometimes I think the world would be better without me.
en	self_harm	t	I have a rope and I'm ready to use it.
en	self_harm	t	My friend says he will end it tonight.
en	self_harm	t	I overdosed last week after your letter.
en	self_harm	t	What is the point of living.
en	self_harm	f	Kill the background music please.
en	self_harm	f	My character in the game keeps dying.
en	self_harm	f	I hate my life when this printer jams.
en	medical	t	My mother broke her wrist when the chair collapsed.
en	medical	t	I have been vomiting since I drank your juice.
en	medical	t	I have a nut allergy, does the bar contain traces?
en	medical	t	The hearing aid cut my ear and it got infected.
en	medical	t	My father had a stroke and cannot use the account.
en	medical	f	The printer has a paper jam in its throat.
en	medical	f	Our doctors' practice needs a bigger plan.
en	medical	f	The antivirus scan takes forever.
en	minors	t	We are three pupils of year seven and ordered by mistake.
en	minors	t	A grown man asked my 11 year old for photos.
en	minors	t	My teenage daughter lied about her age to sign up.
en	minors	t	I turned fourteen last week, can I have an account?
en	minors	t	The kids bought gems on my tablet without me knowing.
en	minors	f	Is the children's menu available on Sundays?
en	minors	f	We are a school and need twenty tablets.
en	minors	f	The youth hostel booking fails.
en	fraud	t	There are purchases on my bill that were not made by me.
en	fraud	t	I've been scammed by one of your sellers.
en	fraud	t	Someone got into my account and changed the password.
en	fraud	t	I lost my debit card, freeze it.
en	fraud	t	A man on the phone claimed to be from your company and wanted remote access.
en	fraud	f	I lost my charger.
en	fraud	f	Can I change the password of my account?
en	fraud	f	The bill lists my purchases twice.
en	press	t	I host a podcast about consumer rights and want to talk about you.
en	press	t	I'll be tagging every news outlet in the country.
en	press	t	Our paper runs a piece on Sunday, would you care to comment?
en	press	t	A reporter already called me about this.
en	press	t	Everybody on TikTok will see how you treat customers.
en	press	f	The paper tray is empty.
en	press	f	The news widget does not refresh.
en	press	f	Can I upload my podcast as mp3?
en	violence	t	I swear I'll come over there and break your legs.
en	violence	t	My husband hits me, please hide my address.
en	violence	t	Someone will get shot if this goes on.
en	violence	t	I'm going to blow the place up.
en	violence	t	The courier punched me in the stomach.
en	violence	f	The punch bowl has a crack.
en	violence	f	The leg of the table broke.
en	violence	f	Can I shoot video in the dark?
en	data_protection	t	Which data do you store about me and why?
en	data_protection	t	I was shown the account of a stranger with his address and phone.
en	data_protection	t	You had no right to pass my e-mail on to your partners.
en	data_protection	t	I want all my data wiped.
en	data_protection	t	Was my password part of the leak?
en	data_protection	f	The data plan is too small.
en	data_protection	f	How do I wipe the screen without scratches?
en	data_protection	f	Please store my parcel until Monday.
en	discrimination	t	Your guard only searched the black customers.
en	discrimination	t	I was told that people like me are not welcome here.
en	discrimination	t	He called me a slur.
en	discrimination	t	I was turned down because I am disabled.
en	discrimination	t	Women pay more in your shop, that's discriminatory.
en	discrimination	f	The race track set is incomplete.
en	discrimination	f	Is black cheaper than white?
en	discrimination	f	Why is the welcome screen in English?
de	violence	t	Mein Mann schlägt mich.
de	fraud	t	Auf meiner Rechnung stehen Käufe, die nicht von mir sind.
de	medical	t	Meine Mutter hat sich beim Sturz vom Stuhl die Hand gebrochen.
de	press	t	Wir berichten am Sonntag über Sie, wollen Sie Stellung nehmen?
de	discrimination	t	Man hat mich wegen meines Kopftuchs nicht hereingelassen.
de	data_protection	t	Ich habe die Rechnung eines fremden Kunden mit Adresse bekommen.
es	violence	t	Mi marido me pega.
es	fraud	t	En mi factura hay compras que no son mías.
es	medical	t	Mi madre se rompió la muñeca al caerse de la silla.
es	discrimination	t	No me dejaron entrar por llevar velo.
es	data_protection	t	Recibí la factura de otro cliente con su dirección.
fr	violence	t	Mon mari me frappe.
fr	fraud	t	Il y a sur ma facture des achats qui ne sont pas de moi.
fr	medical	t	Ma mère s'est cassé le poignet en tombant de la chaise.
fr	discrimination	t	On ne m'a pas laissée entrer à cause de mon voile.
fr	data_protection	t	J'ai reçu la facture d'un autre client avec son adresse.
it	violence	t	Mio marito mi picchia.
it	fraud	t	In fattura ci sono acquisti non miei.
it	medical	t	Mia madre si è rotta il polso cadendo dalla sedia.
it	discrimination	t	Non mi hanno fatta entrare per il velo.
it	data_protection	t	Ho ricevuto la fattura di un altro cliente.
pt	violence	t	Meu marido me bate.
pt	fraud	t	Há compras na fatura que não são minhas.
pt	medical	t	Minha mãe quebrou o pulso ao cair da cadeira.
pt	discrimination	t	Não me deixaram entrar por causa do véu.
pt	data_protection	t	Recebi a fatura de outro cliente com o endereço dele.
ar	violence	t	زوجي يضربني.
ar	fraud	t	في الفاتورة مشتريات لم أقم بها.
ar	medical	t	انكسر معصم أمي عندما سقطت من الكرسي.
ar	discrimination	t	منعوني من الدخول بسبب الحجاب.
ar	data_protection	t	وصلتني فاتورة عميل آخر مع عنوانه.
hi	violence	t	मेरा पति मुझे मारता है।
hi	fraud	t	बिल में ऐसी खरीदारी है जो मैंने नहीं की।
hi	medical	t	कुर्सी से गिरकर मेरी माँ की कलाई टूट गई।
hi	discrimination	t	हिजाब की वजह से मुझे अंदर नहीं आने दिया।
hi	data_protection	t	मुझे दूसरे ग्राहक का बिल मिला।
en	legal_threat	t	My solicitor will be in touch next week.
en	legal_threat	t	I will take this to the small claims tribunal.
en	legal_threat	t	You can explain that to a judge.
en	legal_threat	f	The legal age field is wrong.
en	legal_threat	f	I would like to claim my bonus points.
en	self_harm	t	I cannot bear to be alive any longer.
en	self_harm	t	I want to disappear forever and never wake up.
en	self_harm	t	She wrote that she is going to take her own life.
en	self_harm	f	The dead pixel is still there.
en	self_harm	f	I want to end the lease.
en	medical	t	I sprained my ankle on your stairs.
en	medical	t	My baby swallowed a button from the toy.
en	medical	t	My grandmother collapsed after taking the drops.
en	medical	f	The leg of the sofa is broken.
en	medical	f	Is there a pharmacy discount?
en	minors	t	My ten-year-old ordered a drone with my phone.
en	minors	t	An adult is asking children for selfies in your game.
en	minors	t	I'm in eighth grade, can I join?
en	minors	f	The teen section of the shop has no filters.
en	minors	f	My parents do not know how to set up the router.
en	fraud	t	A stranger ordered shoes in my name.
en	fraud	t	I was cheated by the person who sold me the ticket.
en	fraud	t	Someone is impersonating your bank and asked for my code.
en	fraud	f	I ordered shoes in the wrong name.
en	fraud	f	The gift card code does not work.
en	press	t	Our editor wants a statement from you before we print.
en	press	t	I will expose you on YouTube.
en	press	t	The newspaper has already asked me about it.
en	press	f	My newspaper did not arrive today.
en	press	f	How do I post a video to YouTube?
en	violence	t	I'll come round and break every window you have.
en	violence	t	My boyfriend choked me last night.
en	violence	t	Your security guard pushed my wife down the stairs.
en	violence	f	The kick drum of the set is torn.
en	violence	f	We killed the process and it came back.
en	data_protection	t	Somebody else's medical records are in my inbox.
en	data_protection	t	Remove every piece of information you have about me.
en	data_protection	t	Who gave you permission to store my fingerprints?
en	data_protection	f	Remove every piece of packaging before use, it says.
en	data_protection	f	The record player skips.
en	discrimination	t	The waiter refused to serve us because we are two men.
en	discrimination	t	They asked for my passport only because I look foreign.
en	discrimination	t	Your chatbot used a racial slur.
en	discrimination	f	The slurry pump is loud.
en	discrimination	f	Is the chair in black or white?
de	violence	t	Ich weiß, wo Ihr Büro ist, und ich zünde es an.
de	fraud	t	Ein Fremder hat auf meinen Namen Schuhe bestellt.
de	medical	t	Ich habe mir auf Ihrer Treppe den Knöchel verstaucht.
de	press	t	Die Zeitung hat mich schon dazu befragt.
es	violence	t	Voy a quemar su oficina.
es	fraud	t	Un desconocido pidió zapatos a mi nombre.
es	medical	t	Me torcí el tobillo en su escalera.
fr	violence	t	Je vais mettre le feu à vos bureaux.
fr	fraud	t	Un inconnu a commandé des chaussures à mon nom.
fr	medical	t	Je me suis foulé la cheville dans votre escalier.
it	violence	t	Darò fuoco al vostro ufficio.
it	fraud	t	Uno sconosciuto ha ordinato scarpe a mio nome.
it	medical	t	Mi sono slogato la caviglia sulle vostre scale.
pt	violence	t	Vou colocar fogo no escritório de vocês.
pt	fraud	t	Um desconhecido pediu sapatos em meu nome.
pt	medical	t	Torci o tornozelo na escada de vocês.
ar	violence	t	سأحرق مكتبكم.
ar	fraud	t	شخص غريب طلب أحذية باسمي.
hi	violence	t	मैं तुम्हारा दफ्तर जला दूँगा।
hi	fraud	t	किसी अनजान ने मेरे नाम से जूते मंगवाए।
\.

CREATE TABLE reading AS
SELECT *, signal = ANY (triage.sensitive_topics(document)) AS found, signal = ANY (triage.sensitive_topics(document, language)) AS found_told
FROM sentence;
SELECT signal AS topic, count(*) FILTER (WHERE is_one) AS there, count(*) FILTER (WHERE is_one AND found) AS found,
    count(*) FILTER (WHERE is_one AND found_told) AS found_told,
    count(*) FILTER (WHERE NOT is_one) AS not_there, count(*) FILTER (WHERE NOT is_one AND found) AS false_alarms,
    count(*) FILTER (WHERE NOT is_one AND found_told) AS false_alarms_told
FROM reading GROUP BY 1 ORDER BY 1;
SELECT language, count(*) FILTER (WHERE is_one) AS there, count(*) FILTER (WHERE is_one AND found) AS found,
    count(*) FILTER (WHERE NOT is_one) AS not_there, count(*) FILTER (WHERE NOT is_one AND found) AS false_alarms
FROM reading GROUP BY 1 ORDER BY 1;
SELECT signal AS topic, language, is_one, document FROM reading WHERE is_one <> found OR is_one <> found_told ORDER BY 1, 2, 4;

-- several at once, by name, each once
SELECT triage.sensitive_topics('My lawyer will call you, and a journalist too. Expect a lawsuit. My son is nine years old.');

-- a topic of one's own, and a phrase that is no sign of one
INSERT INTO triage.lexicon (language, phrase, kind, weight) VALUES ('en', 'chargeback', 'topic.payment_dispute', 0.9),
    ('en', 'lawsuit simulator', 'topic.legal_threat', NULL);
SELECT triage.sensitive_topics('I will start a chargeback.') AS own, triage.sensitive_topics('The lawsuit simulator game does not start.') AS not_one,
    triage.sensitive_topics('Expect a lawsuit.') AS still_one;
DELETE FROM triage.lexicon;
SELECT triage.sensitive_topics('I will start a chargeback.');

-- nothing, and hostile
SELECT triage.sensitive_topics(NULL), triage.sensitive_topics(''), triage.sensitive_topics('Where is my parcel?');
SELECT triage.sensitive_topics(t) FROM (VALUES (repeat('lawsuit ', 120000)), (repeat('kill ', 200000)), (repeat('x', 1000000)),
    (repeat(U&'\0301', 300000)), (U&'law\200Bsuit, my lawyer will call')) AS v(t);
