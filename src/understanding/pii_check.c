/*-------------------------------------------------------------------------
 *
 * pii_check.c
 *		Checksums of numbers that people are known by.
 *
 * They are given the characters of a finding as the rules see them (ASCII
 * digits) and skip what separates them.  Numbers of other lengths than the
 * checksum is made for fail.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "understanding/pii_inner.h"

#define MAX_CHECKED	64			/* characters, without separators */

/* Lengths of IBANs by country (the SWIFT registry of IBAN formats). */
static const struct
{
	char		country[3];
	uint8		length;
}			iban_lengths[] =

{
	{"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22},
	{"BH", 22}, {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24},
	{"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18},
	{"FK", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27},
	{"GT", 28}, {"HN", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26},
	{"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20},
	{"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MN", 20},
	{"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23}, {"PK", 24},
	{"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33}, {"SA", 24},
	{"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23}, {"ST", 25},
	{"SV", 28}, {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20},
	{"YE", 30},
};

/*
 * st_pii_iban_length
 *		Returns how many characters an IBAN of this country has, 0 when there
 *		are none; country is two letters of either case.
 */
int
st_pii_iban_length(const uint8 *country)
{
	for (int i = 0; i < lengthof(iban_lengths); i++)
	{
		if (pii_lower(iban_lengths[i].country[0]) == pii_lower(country[0]) &&
			pii_lower(iban_lengths[i].country[1]) == pii_lower(country[1]))
			return iban_lengths[i].length;
	}
	return 0;
}

/*
 * take
 *		Copies digits, and letters in lower case, without what separates them.
 *		Returns how many, or -1 when they are too many or letters are not
 *		wanted.
 */
static int
take(const uint8 *c, int n, bool letters, uint8 *to)
{
	int			taken = 0;

	for (int i = 0; i < n; i++)
	{
		if (!(st_pii_class[c[i]] & PII_IS_WORD))
			continue;
		if (taken == MAX_CHECKED || c[i] >= 0x80 ||
			(!letters && !(st_pii_class[c[i]] & PII_IS_DIGIT)))
			return -1;
		to[taken++] = pii_lower(c[i]);
	}
	return taken;
}

/* Luhn (ISO/IEC 7812): payment cards, IMEI, many customer numbers. */
bool
st_pii_luhn(const uint8 *c, int n)
{
	uint8		digits[MAX_CHECKED];
	int			length = take(c, n, false, digits);
	int			sum = 0;

	if (length < 2)
		return false;
	for (int i = 0; i < length; i++)
	{
		int			d = digits[length - 1 - i] - '0';

		if (i % 2 == 1)
			d = d > 4 ? d * 2 - 9 : d * 2;
		sum += d;
	}
	return sum % 10 == 0;
}

/* The remainder by 97 of characters as a number, letters being 10 to 35. */
static int
mod97(const uint8 *c, int n, int remainder)
{
	for (int i = 0; i < n; i++)
	{
		if (c[i] <= '9')
			remainder = (remainder * 10 + (c[i] - '0')) % 97;
		else
			remainder = (remainder * 100 + (c[i] - 'a' + 10)) % 97;
	}
	return remainder;
}

/* ISO 7064 MOD 97-10 with the first four characters last: IBAN, RF references. */
bool
st_pii_iban(const uint8 *c, int n)
{
	uint8		taken[MAX_CHECKED];
	int			length = take(c, n, true, taken);

	return length > 4 && mod97(taken, 4, mod97(taken + 4, length - 4, 0)) == 1;
}

/* ISO 7064 MOD 97-10: LEI, Bosnian and Slovenian numbers. */
static bool
check_mod97(const uint8 *c, int n)
{
	uint8		taken[MAX_CHECKED];
	int			length = take(c, n, true, taken);

	return length > 2 && mod97(taken, length, 0) == 1;
}

/* Weights 1, 2, 3, ... from the right, "X" for ten: NHS numbers, ISBN-10. */
static bool
check_mod11(const uint8 *c, int n)
{
	uint8		taken[MAX_CHECKED];
	int			length = take(c, n, true, taken);
	int			sum = 0;

	if (length < 2)
		return false;
	for (int i = 0; i < length; i++)
	{
		uint8		d = taken[length - 1 - i];

		if (d > '9' && (d != 'x' || i > 0))
			return false;
		sum += (i + 1) * (d == 'x' ? 10 : d - '0');
	}
	return sum % 11 == 0;
}

/* ISO 7064 MOD 11,10: German tax numbers, Croatian OIB. */
static bool
check_mod11_10(const uint8 *c, int n)
{
	uint8		digits[MAX_CHECKED];
	int			length = take(c, n, false, digits);
	int			product = 10;

	if (length < 2)
		return false;
	for (int i = 0; i < length - 1; i++)
	{
		int			sum = (digits[i] - '0' + product) % 10;

		product = (sum == 0 ? 10 : sum) * 2 % 11;
	}
	return (product + digits[length - 1] - '0') % 10 == 1;
}

/* Verhoeff: Aadhaar. */
static bool
check_verhoeff(const uint8 *c, int n)
{
	static const uint8 multiply[10][10] = {
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
		{2, 3, 4, 0, 1, 7, 8, 9, 5, 6}, {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
		{4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
		{6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
		{8, 7, 6, 5, 9, 3, 2, 1, 0, 4}, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
	};
	static const uint8 permute[8][10] = {
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4},
		{5, 8, 0, 3, 7, 9, 6, 1, 4, 2}, {8, 9, 1, 6, 0, 4, 3, 5, 2, 7},
		{9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
		{2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8},
	};
	uint8		digits[MAX_CHECKED];
	int			length = take(c, n, false, digits);
	int			check = 0;

	if (length < 2)
		return false;
	for (int i = 0; i < length; i++)
		check = multiply[check][permute[i % 8][digits[length - 1 - i] - '0']];
	return check == 0;
}

/* Weights 1 and 3 by turns from the right: EAN, ISBN-13, Swiss AHV. */
static bool
check_ean(const uint8 *c, int n)
{
	uint8		digits[MAX_CHECKED];
	int			length = take(c, n, false, digits);
	int			sum = 0;

	if (length < 2)
		return false;
	for (int i = 0; i < length; i++)
		sum += (digits[length - 1 - i] - '0') * (i % 2 == 0 ? 1 : 3);
	return sum % 10 == 0;
}

static const struct
{
	const char *name;
	PiiChecksum checksum;
}			checksums[] =

{
	{"none", NULL},
	{"luhn", st_pii_luhn},
	{"iban", st_pii_iban},
	{"mod97", check_mod97},
	{"mod11", check_mod11},
	{"mod11_10", check_mod11_10},
	{"verhoeff", check_verhoeff},
	{"ean", check_ean},
};

const char	st_pii_checksum_names[] = "none, luhn, iban, mod97, mod11, mod11_10, verhoeff, ean";

/*
 * st_pii_checksum
 *		Looks up a checksum by its name; false when there is none.
 */
bool
st_pii_checksum(const char *name, PiiChecksum *checksum)
{
	for (int i = 0; i < lengthof(checksums); i++)
	{
		if (strcmp(name, checksums[i].name) == 0)
		{
			*checksum = checksums[i].checksum;
			return true;
		}
	}
	return false;
}
