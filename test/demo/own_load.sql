-- Somebody's own label<TAB>text: of five lines four are the past, one is to
-- arrive. :file has neither of the two characters that stand for no quote and no
-- separator, so that each line is read whole.
CREATE TEMP TABLE line (line text);
COPY line FROM :'file' (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01', ESCAPE E'\x01');

CREATE TEMP TABLE labelled AS
SELECT row_number() OVER (ORDER BY md5(line)) AS n,
       btrim(split_part(line, E'\t', 1)) AS label,
       btrim(substr(line, strpos(line, E'\t') + 1)) AS text
FROM line
WHERE line ~ E'^[^\t]*[^\t[:space:]][^\t]*\t.*[^[:space:]]';

INSERT INTO past_tickets (body, intent) SELECT text, label FROM labelled WHERE n % 5 <> 0 ORDER BY n;
INSERT INTO arriving (body, intent) SELECT text, label FROM labelled WHERE n % 5 = 0 ORDER BY n;
