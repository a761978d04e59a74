/*-------------------------------------------------------------------------
 *
 * pii_words.c
 *		Words that tell what a number near them is, and the names of months.
 *
 * Ten digits are a telephone number after "call me on" and none after "order".
 * The words are compared in lower case and without accents, and are found by
 * their hash.  Languages that write no blanks have pairs of characters instead.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include "utils/memutils.h"

#include "understanding/pii_inner.h"

/* Longer words say nothing. */
#define MAX_WORD	32

#define SLOTS		4096		/* of the table, a power of two */

/* Words of one meaning, in lower case, separated by blanks. */
typedef struct PiiWords
{
	uint16		says;
	const char *words;
} PiiWords;

static const PiiWords word_lists[] = {
	{PII_WORD_PHONE,
		"phone phones telephone telephones tel tele mobile mob cell cellphone cellular call calls calling called "
		"caller fax fone ph dial ring reach contact text texted texts sms message messages whatsapp viber signal "
		"telegram voicemail hotline landline desk office answering answer pager switchboard extension handset "
		"telefon telefonnummer handy handynummer mobil mobilnummer mobiltelefon rufnummer ruf rufen rufe anruf anrufen ruckruf "
		"zuruckrufen erreichbar erreichen durchwahl festnetz fon telefonisch "
		"telephoner portable appeler appelez appel rappeler rappelez joindre joignable fixe "
		"telefono telefonos movil celular llamar llame llamen llamada llamame llamadme llamarme contactar fijo "
		"cellulare chiamare chiamate chiami chiamata chiamarmi telefonare fisso recapito "
		"telefone telemovel ligar ligue liguem chamada contato contacto "
		"telefonu telefonem komorka komorke komorkowy zadzwon zadzwonic dzwonic dzwoncie kontakt kom "
		"telefoon telefoonnummer mobiel bellen ringa puhelin cep arayin "
		"телефон телефона телефону тел моб мобильный мобильного звонить позвоните звоните перезвоните "
		"هاتف الهاتف هاتفي جوال الجوال جوالي موبايل الموبايل تلفون اتصل اتصلوا اتصال الاتصال واتساب "
		"फोन फ़ोन मोबाइल कॉल टेलीफोन संपर्क व्हाट्सएप "
	"电话 電話 手机 手機 致电 致電 联系 聯絡 携帯 전화 연락 โท"},
	{PII_WORD_CARD,
		"card cards cc pay paid payment paying visa mastercard maestro amex discover diners jcb unionpay credit debit creditcard "
		"karte kreditkarte kartennummer ec girocard bezahlt zahlen zahlung carte bancaire cb payer tarjeta pagar pagado carta pagare pagato bancomat cartao "
		"karta karty karcie kort kaart creditcardnummer карта карты карту картой "
	"بطاقة البطاقة بطاقتي الائتمان कार्ड क्रेडिट 信用 卡号 卡號 카드"},
	{PII_WORD_IP,
		"ip ips ipv4 ipv6 address addresses host hosts server servers ping subnet gateway dns router client "
	"localhost proxy vpn firewall adresse adres direccion indirizzo endereco"},
	{PII_WORD_VERSION,
		"version versions ver release releases build firmware driver drivers update updated upgrade upgraded "
		"software app ios android macos chrome firefox windows kernel patch revision rev sdk v rv "
	"versione versao wersja wersji версия версии إصدار الإصدار संस्करण 版本"},
	{PII_WORD_ID,
		"order orders invoice tracking track parcel shipment package consignment waybill awb reference ref case "
		"ticket serial model part sku isbn issn imei iccid ean upc gtin asin barcode batch lot item product article "
		"policy contract customer account booking reservation confirmation transaction receipt license licence "
		"passport zip postcode quote rma id code pin otp hash guid uuid key token error bug issue job request "
		"bestellung bestellnummer auftrag auftragsnummer rechnung rechnungsnummer sendung sendungsnummer "
		"sendungsverfolgung kundennummer seriennummer artikel artikelnummer vertrag vertragsnummer vorgang "
		"vorgangsnummer aktenzeichen buchung plz konto kontonummer paket paketnummer "
		"commande facture suivi colis dossier serie contrat compte reservation "
		"pedido factura seguimiento rastreo referencia caso contrato cuenta cliente articulo reserva "
		"ordine fattura tracciamento spedizione riferimento pratica seriale contratto conto articolo prenotazione "
		"encomenda fatura rastreamento rastreio conta artigo processo "
		"zamowienie zamowienia faktura faktury przesylka przesylki przesylke zgloszenie zgloszenia umowa umowy "
		"rezerwacja seryjny kod paczka paczki "
		"bestelling factuur ordernummer заказ заказа заказу счет посылка посылки трек "
		"طلب الطلب طلبي فاتورة الفاتورة شحنة الشحنة تتبع مرجع حساب حسابي ऑर्डर आदेश बिल चालान ट्रैकिंग खाता "
	"订单 訂單 单号 單號 快递 运单 账号 注文 주문 계좌"},
	{PII_WORD_STREET,
		"street st avenue ave road rd lane ln drive court ct blvd boulevard suite ste apt apartment box unit floor "
		"building highway hwy square terrace place pl way address "
		"rue chemin allee quai calle avenida plaza paseo via viale piazza corso rua travessa "
	"strasse straße str weg platz gasse allee anschrift ulica ul aleja direccion indirizzo endereco adres adresse"},
	{PII_WORD_SSN, "ssn ssns social security"},
	{PII_WORD_IBAN, "iban ibans"},
	{PII_WORD_DATE,
		"date dates born birth birthday dob since until geboren geburtsdatum geburtstag datum naissance nee "
		"nacimiento nacido nacida fecha nato nata nascita data nascimento nascido nascida urodzony urodzona urodzenia "
	"تاريخ ميلاد الميلاد तारीख जन्म दिनांक जन्मतिथि"},
	{PII_WORD_AMOUNT,
		"usd eur gbp chf jpy inr pln brl cny rub cad aud euro euros dollar dollars pound pounds pence cents zl zlotych "
		"reais rupees rs yen sek nok dkk percent units km kg items pcs points miles hits views users rows bytes mb gb "
	"stuck einheiten unites unidades unita pezzi sztuk يورو دولار ريال درهم रुपये"},
	{PII_WORD_OF, "of the de del du des di do da dnia"},
};

typedef struct PiiMonths
{
	uint8		flags;
	const char *names[12];		/* each with its forms, separated by blanks */
} PiiMonths;

static const PiiMonths month_lists[] = {
	{0, {
			"january januar janvier enero gennaio janeiro stycznia styczen januari يناير जनवरी",
			"february februar fevrier febrero febbraio fevereiro lutego luty februari فبراير फरवरी फ़रवरी",
			"marz maerz mars marzo marco marca marzec maart مارس मार्च",
			"april avril abril aprile kwietnia kwiecien ابريل أبريل إبريل अप्रैल",
			"mai mayo maggio maio maja mei مايو",
			"june juni juin junio giugno junho czerwca czerwiec يونيو जून",
			"july juli juillet julio luglio julho lipca lipiec يوليو जुलाई",
			"august aout agosto sierpnia sierpien augustus أغسطس اغسطس अगस्त",
			"september septembre septiembre setiembre settembre setembro wrzesnia wrzesien سبتمبر सितंबर सितम्बर",
			"october oktober octobre octubre ottobre outubro pazdziernika pazdziernik أكتوبر اكتوبر अक्टूबर अक्तूबर",
			"november novembre noviembre novembro listopada listopad نوفمبر नवंबर नवम्बर",
	"december dezember decembre diciembre dicembre dezembro grudnia grudzien ديسمبر दिसंबर दिसम्बर"}},
	{PII_MONTH_SHORT, {
			"jan janv ene", "feb febr fev fevr", "mar mrz", "apr avr abr kwi", NULL, "jun", "jul juil", "aug aou",
	"sep sept", "oct okt", "nov", "dec dez déc gru"}},
	{PII_MONTH_SHORT | PII_MONTH_DOUBTFUL, {
			"gen sty", "lut", NULL, NULL, "mag mai", "giu cze", "lug lip", "ago sie", "set wrz", "ott out paz", "lis",
	"dic"}},
	{PII_MONTH_DOUBTFUL, {
	NULL, NULL, "march", NULL, "may मई", NULL, NULL, NULL, NULL, NULL, NULL, NULL}},
};

typedef struct PiiSlot
{
	uint64		hash;			/* 0: free */
	uint16		says;
	uint8		month;
} PiiSlot;

static PiiSlot *slots;

#define HASH_START	UINT64CONST(14695981039346656037)

/* FNV-1a over code points */
static inline uint64
hash_point(uint64 hash, uint32 point)
{
	return (hash ^ point) * UINT64CONST(1099511628211);
}

/*
 * word_point
 *		The form of a code point in which words are compared: lower case,
 *		without accent; 0 for what is left out.
 */
static uint32
word_point(uint32 point)
{
	const UNormalizer2 *nfd;
	UErrorCode	status = U_ZERO_ERROR;
	UChar		units[16];
	UChar32		base = (UChar32) point;
	int32_t		n;
	int8_t		type;

	if (point < 0x80)
		return pii_lower((uint8) point);

	type = u_charType(base);
	if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_FORMAT_CHAR)
		return 0;
	if (point >= 0xAC00 && point <= 0xD7A3)
		return point;			/* Hangul is not taken apart */
	nfd = unorm2_getNFKCCasefoldInstance(&status);
	if (U_SUCCESS(status))
	{
		n = unorm2_getDecomposition(nfd, base, units, lengthof(units), &status);
		if (U_SUCCESS(status) && n > 0)
			U16_GET(units, 0, 0, n, base);
	}
	base = u_foldCase(base, U_FOLD_CASE_DEFAULT);
	status = U_ZERO_ERROR;
	nfd = unorm2_getNFDInstance(&status);
	if (U_SUCCESS(status))
	{
		n = unorm2_getDecomposition(nfd, base, units, lengthof(units), &status);
		if (U_SUCCESS(status) && n > 0)
			U16_GET(units, 0, 0, n, base);
	}
	return base == 0x142 ? 'l' : base == 0xF8 ? 'o' : (uint32) base;
}

/*
 * st_pii_hash_utf8
 *		The hash of a word in UTF-8, as words of documents have it.
 */
uint64
st_pii_hash_utf8(const char *word, int length)
{
	uint64		hash = HASH_START;
	int			i = 0;

	while (i < length)
	{
		UChar32		point;
		uint32		folded;

		U8_NEXT_OR_FFFD(word, i, length, point);
		folded = word_point((uint32) point);
		if (folded != 0)
			hash = hash_point(hash, folded);
	}
	return hash;
}

/*
 * slot_of
 *		The slot of a hash, or the free one where it belongs.
 */
static PiiSlot *
slot_of(uint64 hash)
{
	uint32		i = (uint32) (hash >> 40) & (SLOTS - 1);

	while (slots[i].hash != 0 && slots[i].hash != hash)
		i = (i + 1) & (SLOTS - 1);
	return &slots[i];
}

/*
 * add_words
 *		Adds words separated by blanks.
 */
static void
add_words(const char *words, uint16 says, uint8 month)
{
	while (words != NULL && *words != '\0')
	{
		int			length = strcspn(words, " ");
		PiiSlot    *slot = slot_of(st_pii_hash_utf8(words, length));

		slot->hash = st_pii_hash_utf8(words, length);
		slot->says |= says;
		if (month != 0)
			slot->month = month;
		words += length;
		words += strspn(words, " ");
	}
}

/*
 * make_slots
 *		Makes the table, once a backend.
 */
static void
make_slots(void)
{
	slots = MemoryContextAllocZero(TopMemoryContext, sizeof(PiiSlot) * SLOTS);
	for (int i = 0; i < lengthof(word_lists); i++)
		add_words(word_lists[i].words, word_lists[i].says, 0);
	for (int i = 0; i < lengthof(month_lists); i++)
	{
		for (int m = 0; m < 12; m++)
			add_words(month_lists[i].names[m], 0, (m + 1) | month_lists[i].flags);
	}
}

/*
 * word_fill
 *		Fills word from the characters [start, end) of a part.
 */
static void
word_fill(const PiiText *text, int start, int end, PiiWord *word)
{
	const PiiSlot *slot;
	uint64		hash = HASH_START;

	for (int i = start; i < end; i++)
	{
		uint8		c = text->c[i];
		uint32		point = c;

		if (text->at)
			point = st_pii_point(text, i);
		point = point < 0x80 ? pii_lower((uint8) point) : word_point(point);
		if (point != 0)
			hash = hash_point(hash, point);
	}
	if (unlikely(slots == NULL))
		make_slots();
	slot = slot_of(hash);
	word->start = start;
	word->end = end;
	word->hash = hash;
	word->says = slot->hash == 0 ? 0 : slot->says;
	word->month = slot->hash == 0 ? 0 : slot->month;
}

/*
 * st_pii_word_before
 *		Finds the last word that ends at or before character i and begins at or
 *		after least: letters and digits, or two characters of a script without
 *		blanks.  Returns false when there is none.
 */
bool
st_pii_word_before(const PiiText *text, int i, int least, PiiWord *word)
{
	int			end;

	while (i > least && !pii_is(text, i - 1, PII_IS_WORD))
	{
		if (text->c[i - 1] == PII_WIDE && i - 2 >= least && text->c[i - 2] == PII_WIDE)
		{
			word_fill(text, i - 2, i, word);
			word->end = i - 1;	/* pairs overlap */
			word->start = i - 1;
			return true;
		}
		i--;
	}
	end = i;
	while (i > least && pii_is(text, i - 1, PII_IS_WORD))
		i--;
	if (i == end)
		return false;
	if (end - i > MAX_WORD)
	{
		memset(word, 0, sizeof(*word));
		word->start = i;
		word->end = end;
	}
	else
		word_fill(text, i, end, word);
	return true;
}

/*
 * st_pii_word_after
 *		The same for the first word that begins at or after i and ends before
 *		most.
 */
bool
st_pii_word_after(const PiiText *text, int i, int most, PiiWord *word)
{
	int			start;

	most = Min(most, text->n);
	while (i < most && !pii_is(text, i, PII_IS_WORD))
	{
		if (text->c[i] == PII_WIDE && i + 1 < most && text->c[i + 1] == PII_WIDE)
		{
			word_fill(text, i, i + 2, word);
			word->end = i + 1;
			return true;
		}
		i++;
	}
	start = i;
	while (i < most && pii_is(text, i, PII_IS_WORD))
		i++;
	if (i == start)
		return false;
	if (i - start > MAX_WORD)
	{
		memset(word, 0, sizeof(*word));
		word->start = start;
		word->end = i;
	}
	else
		word_fill(text, start, i, word);
	return true;
}
