-- How much work a text promises. Own sentences.
SET extra_float_digits = 0;

-- one thing asked in a line is simple; nothing is nothing
SELECT t AS document, round(triage.complexity(t)::numeric, 2) AS complexity, p.words, p.questions, p.requests, p.asks
FROM (VALUES ('where is my order'), ('Where is my order?'), ('Where is my order?! WHERE IS MY ORDER??? where is my order?'),
    (''), (' '), ('asdf qwer zxcv'), ('???!!'), ('Help???'), ('😀😀😀')) AS v(t), triage.complexity_parts(t) AS p;
SELECT triage.complexity(NULL), (triage.complexity_parts(NULL)).*;

-- questions are counted in any script
SELECT t AS document, p.questions, p.asks
FROM (VALUES ('Can I pay by card? Can I pay in yen?'), ('¿Dónde está? ¿Cuándo llega?'), ('أين طلبي؟ هل يمكنني تغييره؟'),
    ('注文はどこですか？変更できますか？'), ('Πού είναι; Πότε θα έρθει;'), ('One; two; three.'),
    ('See https://shop.example/?page=2&sort=up for it')) AS v(t), triage.complexity_parts(t) AS p;

-- a request needs no question mark
SELECT t AS document, p.requests, p.asks
FROM (VALUES ('I want a refund. Please also cancel my subscription. Could you send me the invoice?'),
    ('Ich möchte eine Gutschrift. Bitte kündigen Sie das Abo. Können Sie mir die Rechnung schicken?'),
    ('Thank you for the quick reply. It was a pleasure.')) AS v(t), triage.complexity_parts(t) AS p;

-- more distinct requests, more work; nothing lowers it by growing
WITH ask (n, t) AS (VALUES (1, 'Please send me the invoice of March.'), (2, 'Can I change the delivery address?'),
        (3, 'How do I add a second user?'), (4, 'I would like a refund for the lamp.'), (5, 'Why was the card refused?'),
        (6, 'Please cancel the order of Monday.')),
    grown AS (SELECT n, string_agg(t, ' ') OVER (ORDER BY n) AS t FROM ask)
SELECT n, p.asks, round(p.complexity::numeric, 2) AS complexity,
    p.complexity > coalesce(lag(p.complexity) OVER (ORDER BY n), -1) AS more
FROM grown, triage.complexity_parts(t) AS p ORDER BY n;
SELECT bool_and(more) FROM (SELECT triage.complexity(repeat('word ', n)) >= coalesce(lag(triage.complexity(repeat('word ', n)))
    OVER (ORDER BY n), 0) AS more FROM generate_series(1, 3000, 50) AS n) AS s;

-- what machines wrote: that it is there counts, its words do not
SELECT v.name, p.has_log, p.words, round(p.complexity::numeric, 2) AS complexity
FROM (VALUES
    (1, 'java', E'java.lang.NullPointerException: user\n\tat com.acme.Foo.bar(Foo.java:12)\n\tat com.acme.Main.main(Main.java:3)\n\t... 23 more'),
    (2, 'java, frame alone', E'\tat com.acme.shop.Basket.total(Basket.java:412)'),
    (3, 'java, within a line', 'Caught com.acme.PaymentException: declined'),
    (4, 'python', E'Traceback (most recent call last):\n  File "a.py", line 3, in <module>\nValueError: bad'),
    (5, 'c#', E'System.InvalidOperationException: x\n   at Acme.Shop.Pay(Int32 id) in C:\\src\\Shop.cs:line 42'),
    (6, 'c#, german', E'   bei Acme.Shop.Pay(Int32 id) in C:\\src\\Shop.cs:Zeile 42.'),
    (7, 'javascript', E'Uncaught TypeError: Cannot read properties of undefined\n    at render (/app/index.js:10:5)'),
    (8, 'go', E'goroutine 1 [running]:\nmain.main()\n\t/src/main.go:12 +0x1d'),
    (9, 'php', E'PHP Fatal error:  Uncaught Exception: x in /var/www/a.php:3\n#0 /var/www/b.php(12): f()\n#1 {main}'),
    (10, 'postgresql', 'ERROR:  relation "orders" does not exist'),
    (11, 'mysql', 'ERROR 1064 (42000): You have an error in your SQL syntax'),
    (12, 'oracle', 'ORA-00942: table or view does not exist'),
    (13, 'sql server', 'Msg 102, Level 15, State 1, Line 1'),
    (14, 'syslog', 'May  1 10:00:00 web1 nginx[12]: upstream timed out'),
    (15, 'syslog, new', '2024-05-01T10:00:00Z web1 sshd[12]: connection closed'),
    (16, 'log4j', '2024-05-01 10:00:00,123 ERROR [main] com.acme - failed'),
    (17, 'kernel', '[   12.345678] usb 1-1: device descriptor read/64'),
    (18, 'web server', '192.0.2.7 - - [01/May/2024:10:00:00 +0000] "GET / HTTP/1.1" 502 150'),
    (19, 'json', '{"level":"error","ts":1714557600,"msg":"cannot open"}'),
    (20, 'logfmt', 'ts=2024-05-01T10:00:00Z level=error msg="cannot open"'),
    (21, 'ruby', E'from /srv/app/models/a.rb:12:in `total'''),
    (22, 'hexadecimal', 'deadbeef0123456789abcdef0123456789abcdef01234567'))
    AS v(n, name, t), triage.complexity_parts(t) AS p ORDER BY n;

-- what people write is no log
SELECT t AS document, p.has_log
FROM (VALUES ('BUG: the page stays white when I save'), ('Exception: on Mondays we are closed.'), ('Error: it does not work'),
    ('Oops: wrong button, sorry'), ('RIP: my printer'), ('#1 in my list of wishes: dark mode'), ('#2 wrong colour in the catalogue'),
    ('We met at 10:00:00 on Monday.'), ('10:30:00 is too early for me'), ('The error was: no paper'), ('at 10:45)'), ('from the shop in Leeds'),
    ('At the desk (second floor): nobody'), ('[urgent] please read this'), ('panic: we leave tomorrow'), ('see you at https://example.com/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/1/2/3/4/5/6/7/8'))
    AS v(t), triage.complexity_parts(t) AS p;

-- a long log is not long prose: the question in front of it decides
WITH log AS (SELECT string_agg(format('2024-05-01 10:%s:00 ERROR [main] com.acme.shop.Basket - please can you retry? request %s', lpad((n % 60)::text, 2, '0'), n), E'\n') AS t
    FROM generate_series(1, 400) AS n)
SELECT p.words, p.questions, p.requests, p.codes, p.has_log, round(p.complexity::numeric, 2) AS complexity,
    p.complexity < triage.complexity(repeat('This is prose of a person who explains. ', 400)) AS less_than_prose
FROM log, triage.complexity_parts(E'Why does the basket fail?\n' || t || E'\nThank you.') AS p;

-- lists and numbers of things
SELECT p.items, p.codes, round(p.complexity::numeric, 2) AS complexity
FROM (VALUES (E'To repeat it:\n1. Open the app\n2. Press save\n3. Close it\n4. Open it again'), (E'- lamp\n- chair\n* table\n• rug'),
    ('The models TX200 and TX300 with firmware v12 do not see the bridge b77x of order AB1234.')) AS v(t), triage.complexity_parts(t) AS p;

-- where offsets of bytes and of characters differ, logs are told from prose all the same
SELECT p.words, p.has_log
FROM triage.complexity_parts(E'Der größte Ärger überhaupt 😀\n2024-05-01 10:00:00 ERROR größer als überhaupt möglich\nTschüß') AS p;

-- what tickets of the intent were like
SELECT round(triage.complexity_with_history(0.2, 0.9, n)::numeric, 2) FROM unnest(ARRAY[0, 1, 20, 1000, 9223372036854775807]) AS n;
SELECT triage.complexity_with_history(0.2, 7, 1000000000) AS at_most, triage.complexity_with_history(0.2, -7, 1000000000) >= 0 AS at_least,
    triage.complexity_with_history(0.2, 'NaN', 10) AS not_a_number, triage.complexity_with_history(0.2, 0.5, -1) AS none;

-- hostile: long, without ends, of marks, of one kind
SELECT n, c BETWEEN 0 AND 1 AS in_range FROM (VALUES (1, triage.complexity(repeat('x', 1000000))), (2, triage.complexity(repeat(E'\n', 1000000))),
    (3, triage.complexity(repeat(E'a?\n', 300000))), (4, triage.complexity(repeat('?', 1000000))), (5, triage.complexity(repeat(E'at a(b:1)\n', 100000))),
    (6, triage.complexity(repeat('E', 1000000) || 'rror: ')), (7, triage.complexity(repeat(E'\u0301', 300000))),
    (8, triage.complexity(repeat(E'\u202Ea\u200B?', 100000))), (9, triage.complexity(repeat(E'1. please\n', 100000))),
    (10, triage.complexity(repeat(E'\t', 999999) || 'x'))) AS v(n, c);
