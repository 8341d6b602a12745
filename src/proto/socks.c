#include "proto/socks.h"

enum {
	SOCKS4 = 4,
	SOCKS5 = 5,
	METHOD_PASSWORD = 2,
	METHOD_PRIVATE = 0x80, /* 0x80 to 0xfe */
	METHOD_NONE = 0xff,
	METHOD_ASSIGNED = 9, /* highest that IANA has assigned */
	SUBNEGOTIATION = 1,  /* its version byte, RFC 1929 section 2 */
	COMMAND_CONNECT = 1,
	ATYP_IPV4 = 1,
	ATYP_NAME = 3,
	ATYP_IPV6 = 4,
	SOCKS4_GRANTED = 0x5a,
	SOCKS4_LAST = 0x5d,
};

/* Everything is short only at the end of what we hold, so a bad cursor means MORE. */
static enum parse short_or(const struct cursor *c, enum parse state)
{
	return c->bad ? PARSE_MORE : state;
}

/* No control characters or blanks: this runs on the first bytes of any stream. */
static bool is_text(const uint8_t *p, size_t n, uint8_t least)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < least || p[i] == 0x7f)
			return false;
	return true;
}

/* Text up to a NUL, at most 255 bytes as in SOCKS 5; the NUL is taken too. */
static enum parse take_text(struct cursor *c, uint8_t least, struct str *out)
{
	const size_t left = cur_left(c), window = left < 256 ? left : 256;
	const uint8_t *nul = window ? memchr(c->p, 0, window) : NULL;
	const size_t n = nul ? (size_t)(nul - c->p) : window;
	if (!is_text(c->p, n, least))
		return PARSE_BAD;
	if (!nul)
		return left < 256 ? PARSE_MORE : PARSE_BAD;
	*out = (struct str){(const char *)c->p, n};
	cur_skip(c, n + 1);
	return PARSE_DONE;
}

/* SOCKS 4: command, port, address, user, NUL; 4a: with the address 0.0.0.x a name and NUL. */
static enum parse client4(struct cursor *c, struct socks_request *out)
{
	static const uint8_t zeros[3];
	struct str user;

	out->command = cur_u8(c);
	if (!c->bad && (out->command < 1 || out->command > 2))
		return PARSE_BAD;
	out->port = cur_u16(c);
	if (!c->bad && out->port == 0 && out->command == COMMAND_CONNECT)
		return PARSE_BAD;
	const uint8_t *ip = cur_take(c, 4);
	if (!ip)
		return PARSE_MORE;
	const bool by_name = memcmp(ip, zeros, sizeof zeros) == 0;
	if (by_name && ip[3] == 0)
		return PARSE_BAD;
	enum parse state = take_text(c, ' ', &user);
	if (state != PARSE_DONE)
		return state;
	if (!by_name) {
		out->has_address = true;
		out->address = addr_v4(ip);
		return PARSE_DONE;
	}
	state = take_text(c, ' ' + 1, &out->name);
	return state == PARSE_DONE && out->name.n == 0 ? PARSE_BAD : state;
}

static enum parse take_address(struct cursor *c, struct socks_request *out)
{
	const uint8_t type = cur_u8(c);
	if (c->bad)
		return PARSE_MORE;
	if (type == ATYP_NAME) {
		const uint8_t n = cur_u8(c);
		if (!c->bad && n == 0)
			return PARSE_BAD;
		const size_t here = cur_left(c) < n ? cur_left(c) : n;
		if (!is_text(c->p, here, ' ' + 1))
			return PARSE_BAD;
		const uint8_t *p = cur_take(c, n);
		out->name = (struct str){(const char *)p, p ? n : 0};
	} else if (type == ATYP_IPV4 || type == ATYP_IPV6) {
		const uint8_t *ip = cur_take(c, type == ATYP_IPV4 ? 4 : 16);
		if (ip) {
			out->has_address = true;
			out->address = type == ATYP_IPV4 ? addr_v4(ip) : addr_v6(ip);
		}
	} else {
		return PARSE_BAD;
	}
	out->port = cur_u16(c);
	return short_or(c, PARSE_DONE);
}

/* RFC 1928 section 3. *password: user and password are among the methods. */
static enum parse greeting(struct cursor *c, bool *password)
{
	const uint8_t count = cur_u8(c);
	if (!c->bad && count == 0)
		return PARSE_BAD;
	*password = false;
	for (uint8_t i = 0; i < count && !c->bad; i++) {
		const uint8_t method = cur_u8(c);
		if (c->bad)
			break;
		if (method == METHOD_NONE || (method > METHOD_ASSIGNED && method < METHOD_PRIVATE))
			return PARSE_BAD;
		*password |= method == METHOD_PASSWORD;
	}
	return short_or(c, PARSE_DONE);
}

/* RFC 1929 section 2, when the client goes on with it. Other methods are not known here. */
static enum parse credentials(struct cursor *c, bool password)
{
	if (!cur_left(c))
		return PARSE_MORE;
	if (c->p[0] != SUBNEGOTIATION)
		return PARSE_DONE;
	if (!password)
		return PARSE_BAD;
	cur_skip(c, 1);
	cur_skip(c, cur_u8(c)); /* user */
	cur_skip(c, cur_u8(c)); /* password */
	return short_or(c, PARSE_DONE);
}

static enum parse client5(struct cursor *c, struct socks_request *out)
{
	bool password;
	enum parse state = greeting(c, &password);
	if (state == PARSE_DONE)
		state = credentials(c, password);
	if (state != PARSE_DONE)
		return state;
	/* RFC 1928 section 4 */
	const uint8_t version = cur_u8(c);
	if (!c->bad && version != SOCKS5)
		return PARSE_BAD;
	out->command = cur_u8(c);
	if (!c->bad && (out->command < 1 || out->command > 3))
		return PARSE_BAD;
	const uint8_t reserved = cur_u8(c);
	if (!c->bad && reserved != 0)
		return PARSE_BAD;
	state = take_address(c, out);
	if (state == PARSE_DONE && out->command == COMMAND_CONNECT && out->port == 0)
		return PARSE_BAD;
	return state;
}

enum parse socks_client(struct cursor *c, struct socks_request *out)
{
	struct cursor at = *c;
	enum parse state;

	*out = (struct socks_request){.version = cur_u8(&at)};
	if (at.bad)
		return PARSE_MORE;
	if (out->version == SOCKS4)
		state = client4(&at, out);
	else if (out->version == SOCKS5)
		state = client5(&at, out);
	else
		return PARSE_BAD;
	if (state == PARSE_DONE)
		*c = at;
	return state;
}

static enum parse server4(struct cursor *c, bool *granted)
{
	const uint8_t version = cur_u8(c); /* of the reply: 0; some servers send 4 */
	if (!c->bad && version != 0 && version != SOCKS4)
		return PARSE_BAD;
	const uint8_t code = cur_u8(c);
	if (!c->bad && (code < SOCKS4_GRANTED || code > SOCKS4_LAST))
		return PARSE_BAD;
	cur_skip(c, 6); /* port and address */
	*granted = code == SOCKS4_GRANTED;
	return short_or(c, PARSE_DONE);
}

/* The address and port of a reply (RFC 1928 section 6), which nobody wants to know. */
static enum parse skip_bound(struct cursor *c)
{
	const uint8_t type = cur_u8(c);
	if (c->bad)
		return PARSE_MORE;
	if (type != ATYP_IPV4 && type != ATYP_NAME && type != ATYP_IPV6)
		return PARSE_BAD;
	cur_skip(c, type == ATYP_IPV4 ? 4 : type == ATYP_IPV6 ? 16 : cur_u8(c));
	cur_skip(c, 2);
	return short_or(c, PARSE_DONE);
}

static enum parse server5(struct cursor *c, bool *granted)
{
	uint8_t version = cur_u8(c);
	if (!c->bad && version != SOCKS5)
		return PARSE_BAD;
	const uint8_t method = cur_u8(c);
	if (!c->bad && method == METHOD_NONE)
		return PARSE_DONE;
	if (!c->bad && method != 0 && method != METHOD_PASSWORD)
		return PARSE_BAD;
	if (method == METHOD_PASSWORD) {
		version = cur_u8(c);
		if (!c->bad && version != SUBNEGOTIATION)
			return PARSE_BAD;
		const uint8_t status = cur_u8(c);
		if (!c->bad && status != 0)
			return PARSE_DONE;
	}
	version = cur_u8(c);
	if (!c->bad && version != SOCKS5)
		return PARSE_BAD;
	const uint8_t reply = cur_u8(c);
	if (!c->bad && reply != 0) /* nothing follows; what stands behind it varies */
		return PARSE_DONE;
	cur_skip(c, 1); /* reserved */
	const enum parse state = skip_bound(c);
	*granted = state == PARSE_DONE;
	return state;
}

enum parse socks_server(struct cursor *c, uint8_t version, bool *granted)
{
	struct cursor at = *c;
	*granted = false;
	const enum parse state = version == SOCKS4 ? server4(&at, granted) : server5(&at, granted);
	if (state == PARSE_DONE)
		*c = at;
	else
		*granted = false;
	return state;
}
