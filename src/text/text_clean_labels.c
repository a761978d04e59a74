/*-------------------------------------------------------------------------
 *
 * text_clean_labels.c
 *		What lines that mail programs write begin with: the labels of headers,
 *		the opening of an attribution, what stands where a picture was; in the
 *		languages of text_clean_phrases.c.
 *
 * Unlike phrases, which may stand anywhere in a line, these are compared with
 * its beginning, folded (text_clean_match.c).  Adding one needs nothing else.
 *
 *-------------------------------------------------------------------------
 */
#include "text_clean.h"

/* Labels of mail headers, without the colon. */
#define L(text, label) {text, LABEL_##label + ST_CLEAN_TOO_LONG(text, ST_CLEAN_LABEL_BYTES)}

const CleanLabel st_clean_labels[] = {
	L("from", FROM), L("von", FROM), L("de", FROM), L("expéditeur", FROM),
	L("da", FROM), L("mittente", FROM), L("van", FROM), L("afzender", FROM),
	L("od", FROM), L("nadawca", FROM), L("från", FROM), L("fra", FROM),
	L("afsender", FROM), L("avsender", FROM), L("lähettäjä", FROM),
	L("odesílatel", FROM), L("kimden", FROM), L("gönderen", FROM), L("от", FROM),
	L("от кого", FROM), L("отправитель", FROM), L("від", FROM), L("від кого", FROM),
	L("відправник", FROM), L("από", FROM), L("αποστολέας", FROM), L("feladó", FROM),
	L("de la", FROM), L("expeditor", FROM), L("差出人", FROM), L("送信者", FROM),
	L("发件人", FROM), L("寄件者", FROM), L("寄件人", FROM), L("보낸 사람", FROM), L("보낸사람", FROM),
	L("발신", FROM), L("من", FROM), L("المرسل", FROM), L("מאת", FROM), L("שולח", FROM),
	L("remitente", FROM), L("remetente", FROM),

	L("sent", SENT), L("date", SENT), L("datum", SENT), L("gesendet", SENT),
	L("gesendet am", SENT), L("date d'envoi", SENT), L("envoyé", SENT),
	L("envoyé le", SENT), L("enviado", SENT), L("enviado el", SENT), L("fecha", SENT),
	L("inviato", SENT), L("data", SENT), L("enviada", SENT), L("enviada em", SENT),
	L("enviado em", SENT), L("verzonden", SENT), L("wysłano", SENT), L("wysłane", SENT),
	L("skickat", SENT), L("sendt", SENT), L("dato", SENT), L("lähetetty", SENT),
	L("päivämäärä", SENT), L("päiväys", SENT), L("pvm", SENT), L("odesláno", SENT),
	L("dátum", SENT), L("gönderildi", SENT), L("gönderme tarihi", SENT),
	L("tarih", SENT), L("отправлено", SENT), L("дата", SENT), L("дата отправки", SENT),
	L("надіслано", SENT), L("відправлено", SENT), L("ημερομηνία", SENT),
	L("στάλθηκε", SENT), L("εστάλη", SENT), L("elküldve", SENT), L("küldve", SENT),
	L("trimis", SENT), L("送信日時", SENT), L("送信日", SENT), L("日付", SENT), L("日時", SENT),
	L("发送时间", SENT), L("发送日期", SENT), L("日期", SENT), L("時間", SENT), L("时间", SENT),
	L("寄件日期", SENT), L("傳送時間", SENT), L("보낸 날짜", SENT), L("날짜", SENT), L("보낸날짜", SENT),
	L("التاريخ", SENT), L("تاريخ", SENT), L("تاريخ الإرسال", SENT), L("أرسلت", SENT),
	L("תאריך", SENT), L("נשלח", SENT), L("נשלח ב", SENT),

	L("to", TO), L("an", TO), L("à", TO), L("destinataire", TO), L("destinataires", TO),
	L("para", TO), L("a", TO), L("destinatario", TO), L("destinatário", TO),
	L("aan", TO), L("do", TO), L("adresat", TO), L("till", TO), L("til", TO),
	L("vastaanottaja", TO), L("komu", TO), L("pro", TO), L("kime", TO), L("alıcı", TO),
	L("кому", TO), L("получатель", TO), L("до", TO), L("одержувач", TO), L("προς", TO),
	L("παραλήπτης", TO), L("címzett", TO), L("către", TO), L("catre", TO), L("宛先", TO),
	L("受信者", TO), L("收件人", TO), L("收件者", TO), L("받는 사람", TO), L("받는사람", TO),
	L("수신", TO), L("إلى", TO), L("אל", TO), L("נמען", TO),

	L("subject", SUBJECT), L("betreff", SUBJECT), L("objet", SUBJECT),
	L("sujet", SUBJECT), L("asunto", SUBJECT), L("oggetto", SUBJECT),
	L("assunto", SUBJECT), L("onderwerp", SUBJECT), L("temat", SUBJECT),
	L("ämne", SUBJECT), L("emne", SUBJECT), L("aihe", SUBJECT), L("předmět", SUBJECT),
	L("predmet", SUBJECT), L("konu", SUBJECT), L("тема", SUBJECT), L("θέμα", SUBJECT),
	L("tárgy", SUBJECT), L("subiect", SUBJECT), L("件名", SUBJECT), L("主题", SUBJECT),
	L("主旨", SUBJECT), L("主題", SUBJECT), L("제목", SUBJECT), L("الموضوع", SUBJECT),
	L("موضوع", SUBJECT), L("נושא", SUBJECT),

	L("cc", OTHER), L("bcc", OTHER), L("kopie", OTHER), L("copie", OTHER),
	L("copie à", OTHER), L("copia", OTHER), L("cópia", OTHER), L("dw", OTHER),
	L("udw", OTHER), L("kopia", OTHER), L("kopi", OTHER), L("kopio", OTHER),
	L("kopie an", OTHER), L("bilgi", OTHER), L("копия", OTHER), L("копія", OTHER),
	L("κοιν.", OTHER), L("κοινοποίηση", OTHER), L("másolat", OTHER),
	L("másolatot kap", OTHER), L("抄送", OTHER), L("副本", OTHER), L("참조", OTHER),
	L("نسخة إلى", OTHER), L("נסה", OTHER), L("reply-to", OTHER), L("reply to", OTHER),
	L("antwort an", OTHER), L("répondre à", OTHER), L("responder a", OTHER),
	L("importance", OTHER), L("priority", OTHER), L("wichtigkeit", OTHER),
	L("attachments", OTHER), L("anlagen", OTHER), L("pièces jointes", OTHER),
	L("archivos adjuntos", OTHER), L("allegati", OTHER), L("anexos", OTHER),
	L("bijlagen", OTHER), L("załączniki", OTHER), L("bilagor", OTHER),
	L("vedlegg", OTHER), L("vedhæftede filer", OTHER), L("liitteet", OTHER),
	L("přílohy", OTHER), L("ekler", OTHER), L("вложения", OTHER), L("添付ファイル", OTHER),
	L("附件", OTHER), L("첨부", OTHER), L("organization", OTHER), L("organisation", OTHER),
	L("ccn", OTHER), L("cci", OTHER)
};

const int	st_clean_label_count = lengthof(st_clean_labels);

/* What the first line of an attribution begins with; numbers also do. */
const char *const st_clean_starters[] = {
	"on", "at", "in message", "am", "le", "el", "il giorno", "il", "in data", "em",
	"op", "den", "dnia", "w dniu", "dne", "på", "στις", "την", "la data de", "pe",
	"în data de", "în", "la", "في", "بتاريخ", "יום", "בתאריך", "ב-", "ב", "在", "于", "於",
	"date:", "вс", "пн", "вт", "ср", "чт", "пт", "сб", "нд"
};

const int	st_clean_starter_count = lengthof(st_clean_starters);

/* What stands in brackets where a picture was. */
const char *const st_clean_image_words[] = {
	"cid:", "image:", "inline image:", "inline image", "image", "bild:", "bild",
	"imagen:", "imagem:", "immagine:", "immagine", "afbeelding:", "obraz:", "obrázek:",
	"billede:", "bilde:", "kuva:", "resim:", "изображение:", "зображення:", "рисунок:",
	"εικόνα:", "kép:", "imagine:", "画像:", "图片:", "圖片:", "이미지:", "صورة:", "תמונה:",
	"photo:", "logo:", "inline-bild:", "image removed by sender", "imagen en línea:",
	"image en ligne:"
};

const int	st_clean_image_word_count = lengthof(st_clean_image_words);
