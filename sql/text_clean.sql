-- triage.clean: replies, signatures and disclaimers of plain mail
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS support_triage;
RESET client_min_messages;

SELECT provolatile, proparallel, proisstrict, proacl::text NOT LIKE '%=X/%{=X%' AS not_public
  FROM pg_proc WHERE oid = 'triage.clean(text)'::regprocedure;
SELECT triage.clean(NULL) IS NULL AS strict, triage.clean('') = '' AS empty;

-- what is plain stays as it is
SELECT triage.clean('Where is my order? It is > 3 weeks late!') AS one_line;
SELECT triage.clean(E'5 < 6 and <3 for you\nList<String> names; a && b;\n<order><id>5 &amp; 6</id></order>') AS angles;
SELECT triage.clean(E'My log:\n[ERROR] <main> failed at 12:30\n[image/png] not found') AS log_lines;
SELECT triage.clean(E'Build fails:\n> npm install\n> webpack --mode production\nERROR in ./src') AS shell;
SELECT triage.clean(E'I typed\n>>> import foo as bar in python\nand it crashed') AS prompt;
SELECT triage.clean(E'I booked:\nFrom: Berlin\nTo: Madrid\nDate: 5 May 2023\nand it was cancelled') AS journey;
SELECT triage.clean(E'On Monday your technician wrote: come back later.\nHe was rude.') AS prose;
SELECT triage.clean(E'Von meinem iPhone kann ich nicht bezahlen.\nBitte helfen Sie mir.') AS from_phone;
SELECT triage.clean(E'I received this parcel in error.\nIs that strictly prohibited?') AS no_disclaimer;

-- white space: line ends become \n, blank lines one
SELECT triage.clean(E'\r\n\r\nHello,   \r\n\r\n\r\n\r\n  two\r\n') = E'Hello,\n\n  two' AS white_space;

-- quotes: above, below, between
SELECT triage.clean(E'It is broken.\n\nOn Mon, Jan 3, 2022 at 4:05 PM Support <s@example.com> wrote:\n> Hello,\n>\n> how are you?\n') AS above;
SELECT triage.clean(E'On Mon, Jan 3, 2022 at 4:05 PM Support <s@example.com> wrote:\n> Which version?\n\nVersion 12.3.\n> And on which system?\nDebian 12.') AS between;
SELECT triage.clean(E'> Did you restart the machine?\n\nYes, twice.') AS no_attribution;
SELECT triage.clean(E'Still broken.\n\nOn Mon, Jan 3, 2022 at 4:05 PM A Very Long Name\n<s@example.com> wrote:\n\nHello, how can we help?') AS wrapped_unmarked;

-- never nothing
SELECT triage.clean(E'> only\n> a quoted thing') AS all_quoted;
SELECT triage.clean(E'-----Original Message-----\nFrom: Support\nSubject: Re: bill\n\nThe bill is wrong.') AS only_forwarded;
SELECT triage.clean(E'Sent from my iPhone\n') AS only_phone;

-- separators and headers
SELECT triage.clean(E'Please cancel.\n\n________________________________\nFrom: Support <s@example.com>\nSent: Monday, January 3, 2022 4:05 PM\nTo: Jane <j@example.com>; Joe\nSubject: Re: Order\n\nold text') AS outlook;
SELECT triage.clean(E'Please cancel.\n\n-----Original Message-----\nFrom: Support\nSubject: x\n\nold text') AS original;
SELECT triage.clean(E'See below.\n\n---------- Forwarded message ---------\nFrom: Shop <shop@example.com>\nDate: Mon, Jan 3, 2022\nSubject: Bill\nTo: <me@example.com>\n\nYour bill is 300 Euro.') AS forwarded;
SELECT triage.clean(E'Please cancel.\n\nFrom: Support <s@example.com> Sent: Monday, January 3 To: Jane Subject: Re: Order\nold text') AS one_line_headers;

-- signatures
SELECT triage.clean(E'The app crashes.\n-- \nJohn Doe\nACME Ltd') AS delimiter;
SELECT triage.clean(E'The app crashes.\n\nKind regards,\nJohn Doe\nTel. +1 555 0100\n\nPS: order number 4711') AS closing;
SELECT triage.clean(E'The app crashes.\n\nRegards\nJohn\nOrder 4711, why is it late?') AS closing_goes_on;
SELECT triage.clean(E'Help!\n\nSent from my Samsung Galaxy smartphone.\n\nOn 3 Jan 2022, at 16:05, Support <s@example.com> wrote:\nHello') AS phone;

-- disclaimers and footers
SELECT triage.clean(E'Please refund me.\n\nThis e-mail may contain confidential and privileged\ninformation. If you are not the intended recipient, please notify the sender.\n\nPlease consider the environment before printing this email.') AS disclaimer;
SELECT triage.clean(E'Thanks for the quick help. Refund me. This message is confidential and intended solely for the addressee.\nBye') AS inside;
SELECT triage.clean(E'[EXTERNAL EMAIL] This email originated from outside of the organization. Do not click links.\n\nMy login fails.') AS warning;

-- banners, pictures, MIME
SELECT triage.clean(E'The parcel never came.\n\n##- Please type your reply above this line -##\n\nYour ticket (42) was updated.') AS banner;
SELECT triage.clean(E'##- Please type your reply above this line -##\nThe parcel never came.') AS banner_first;
SELECT triage.clean(E'See [cid:image001.png@01D8] here:\n[image: screenshot.png]\n[note] kept') AS pictures;
SELECT triage.clean(E'--_000_ABC123\nContent-Type: text/plain; charset="utf-8"\nContent-Transfer-Encoding: 8bit\n\nMy login fails.\n\n--_000_ABC123--') AS mime;
SELECT triage.clean(E'The API answers\nContent-Type: application/json\nContent-Length: 3') AS http;
SELECT triage.clean(E'-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nMy login fails.\n-----BEGIN PGP SIGNATURE-----\n\niQEzBAEB\n-----END PGP SIGNATURE-----') AS pgp;
