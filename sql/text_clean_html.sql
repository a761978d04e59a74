-- triage.clean: HTML mail
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS support_triage;
RESET client_min_messages;
-- structure
SELECT triage.clean('Hello,<br>my order is <b>late</b>.<br/>Thanks') AS fragment;
SELECT triage.clean('<p>One</p><p>Two</p><div>Three<div>Four</div></div><ul><li>a</li><li>b</li></ul>') AS blocks;
SELECT triage.clean('<table><tr><td>Order</td><td>4711</td></tr><tr><td>Date</td><td>May</td></tr></table>') AS cells;
SELECT triage.clean(E'<html>\n <body>\n  <p>wrapped\n  text</p>\n <pre>a\n  b</pre></body></html>') AS white_space;
SELECT triage.clean(E'<!DOCTYPE html><html><head><title>T</title><style>p{}</style></head><body><!-- c > d -->Hi<script>if (a < b) x();</script> you<o:p></o:p></body></html>') AS no_text;
SELECT triage.clean('<div>Hello<span style="display:none">tracking</span> Jane</div>') AS hidden;
SELECT triage.clean(E'Hello,<br>\nmy order<br>\nis late') AS lines;

-- references
SELECT triage.clean('<p>Caf&eacute; &amp; &#8364;5 &#x20AC;6 &lt;3 &nbsp; &quot;x&quot; &#39;y&#39; &#150; &hellip;</p>') AS named;
SELECT triage.clean('<p>&bogus; &amp &#; &#x; &#0; &#xD800; &#99999999999; a=1&copy=2 &</p>') AS odd;
SELECT triage.clean('I can&#39;t log in &amp; need help') AS without_tags;
SELECT triage.clean('<p>&amp;lt;b&amp;gt;</p>') AS once;

-- real evidence only
SELECT triage.clean(E'Hi,\n\nwhy does <div class="x"> not close?\n\nThanks') AS about_tags;
SELECT triage.clean('the tag <br> is shown in my bill') AS spoken;
SELECT triage.clean('<p>Use <john@example.com> or <https://example.com/?a=1>, 5 < 6, List<String></p>') AS addresses;
SELECT triage.clean('<order id="5"><item>x &amp; y</item></order>') AS xml;
SELECT triage.clean('std::vector<a> and Map<K,V> <- generic <b') AS generics;

-- quotes of the mail programs
SELECT triage.clean('<div dir="ltr">It is late.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, Jan 3, 2022 at 4:05 PM X &lt;<a href="mailto:x@y.z">x@y.z</a>&gt; wrote:<br></div><blockquote class="gmail_quote">old <blockquote>older</blockquote> text</blockquote></div>') AS gmail;
SELECT triage.clean('<div class="gmail_quote"><div class="gmail_attr">On Mon, Jan 3, 2022 at 4:05 PM X wrote:</div><blockquote>Which version?</blockquote><div>Version 12.</div></div>') AS gmail_below;
SELECT triage.clean('<div>See below<div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>From: A &lt;a@b.c&gt;<br>Date: Mon, Jan 3, 2022<br>Subject: Bill<br>To: me<br></div>The bill is wrong.</div></div>') AS gmail_forward;
SELECT triage.clean('<div>It is late.</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> X<br><b>Sent:</b> Monday<br><b>To:</b> Y<br><b>Subject:</b> Z</div><div>old</div>') AS outlook_web;
SELECT triage.clean('<body><p class=MsoNormal>It is late.</p><div class="OutlookMessageHeader"><b>From:</b> X</div><p>old</p></body>') AS outlook_old;
SELECT triage.clean('<p>It is late.</p><p><b>Von:</b> X &lt;x@y.z&gt;<br><b>Gesendet:</b> Montag<br><b>An:</b> Y<br><b>Betreff:</b> Z</p><p>alt</p>') AS outlook_headers;
SELECT triage.clean('<div>It is late.</div><div id="yahoo_quoted_1" class="yahoo_quoted"><div>On Monday X wrote:</div><div>old</div></div><div>PS: hurry</div>') AS yahoo;
SELECT triage.clean('<div class="moz-cite-prefix">Am 03.01.22 um 16:05 schrieb X:</div><blockquote type="cite">alt</blockquote><p>Meine Antwort.</p>') AS thunderbird;
SELECT triage.clean('<div>It is late.</div><div class="gmail_signature">Jane<br>ACME</div><div id="Signature">x</div>') AS signature;

-- never nothing
SELECT triage.clean('<blockquote>All of it</blockquote>') AS all_quoted;
SELECT triage.clean('<div class="gmail_quote">All of it') AS unclosed;
SELECT triage.clean('<div>Seen<div style="display:none">not closed, not hidden') AS unclosed_hidden;
SELECT triage.clean('<br><br>') = '' AS nothing_there;
