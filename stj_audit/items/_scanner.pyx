# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False, nonecheck=False, cdivision=True
# cython: show_performance_hints=False
"""
The compiled part of `compiled.CompiledFold`: Scan answers and lines of exports, from their bytes to numbers.

It takes what is usual and strict: everything else - broken JSON, a name with an escape, a name twice, half a surrogate pair, a value of a
wrong kind, an item without its key - it gives up before anything of it was counted, and `ItemFold` says what is right or wrong with it.

Input is hostile. It is read through views that check every index, and reading past its end (an IndexError) is one of the ways to give up; or
as `text`, from a place that lies before `eights`, `sixteens` or `wides`, from where 8, 16 or 32 bytes can be read: one check for all of them.
The bulk runs without the GIL, and makes no Python object.

What is written as DynamoDB writes it, without blanks, and in the order of the item or map before, is found by comparing many bytes at once;
whatever differs is read byte by byte, with the same result.

Attributes are counted in their slots while they are read; all else, when everything was read. When that fails, the slots are set back.
"""

from bisect import insort

cimport cython

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    #if defined(_MSC_VER)
    #define inline __inline
    #endif
    #if defined(__GNUC__)
    #define STJ_INLINE static inline __attribute__((always_inline))
    #else
    #define STJ_INLINE static inline
    #endif
    static inline void stj_put_eight(unsigned char *to, const unsigned char *from) { memcpy(to, from, 8); }
    #define ONES UINT64_C(0x0101010101010101)
    #define HIGHS UINT64_C(0x8080808080808080)
    #define QUOTES UINT64_C(0x2222222222222222)
    #define BACKSLASHES UINT64_C(0x5C5C5C5C5C5C5C5C)
    #define BLANKS UINT64_C(0x2020202020202020)
    #define SPREAD UINT64_C(0x9E3779B97F4A7C15)
    /* {"?": in eight bytes */
    #define TAG_MASK UINT64_C(0x000000FFFF00FFFF)
    #define TAG UINT64_C(0x0000003A2200227B)
    /* what stands in usual DynamoDB JSON, in four or eight bytes: ":{"  S":"  N":"  SS":  BOOL":tr  BOOL":fa  NULL":tr  ue}  lse}  {"Item": */
    #define TO_TYPE UINT32_C(0x227B3A22)
    #define OF_TEXT UINT32_C(0x223A2253)
    #define OF_NUMBER UINT32_C(0x223A224E)
    #define OF_STRINGS UINT32_C(0x3A225353)
    #define BOOL_TRUE UINT64_C(0x72743A224C4F4F42)
    #define BOOL_FALSE UINT64_C(0x61663A224C4F4F42)
    #define NULL_TRUE UINT64_C(0x72743A224C4C554E)
    #define END_TRUE UINT32_C(0x007D6575)
    #define END_FALSE UINT32_C(0x7D65736C)
    #define WRAPPED UINT64_C(0x3A226D657449227B)
    /* "}  and  ,"  in two bytes */
    #define QUOTE_BRACE 0x7D22u
    #define COMMA_QUOTE 0x222Cu
    #define NO_SLOT UINT32_C(0xFFFFFFFF)
    #define MAX_NUMBER_BYTES 21
    /* types */
    enum { STJ_S, STJ_N, STJ_B, STJ_BOOL, STJ_NULL, STJ_SS, STJ_NS, STJ_BS, STJ_L, STJ_M };
    enum { STJ_TEXT_GOES_ON = -1, STJ_OTHER_VALUE = -2 };
    #define TOO_MANY_BYTES INT64_C(0x80000000)
    /* shapes.py */
    #define FIRST_EPOCH_SECONDS INT64_C(1262304000)
    #define END_EPOCH_SECONDS INT64_C(2208988800)
    #if defined(_MSC_VER)
    #include <intrin.h>
    static __inline unsigned stj_first(uint64_t marked) {
        unsigned long at;
        _BitScanForward64(&at, marked);
        return (unsigned)(at >> 3);
    }
    static __inline uint64_t stj_eight(const unsigned char *from) { uint64_t word; memcpy(&word, from, 8); return word; }
    static __inline unsigned stj_two(const unsigned char *from) { uint16_t two; memcpy(&two, from, 2); return two; }
    #else
    static inline unsigned stj_first(uint64_t marked) { return (unsigned)__builtin_ctzll(marked) >> 3; }
    static inline uint64_t stj_eight(const unsigned char *from) {
        uint64_t word;
        memcpy(&word, from, 8);
    #if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
    #endif
        return word;
    }
    static inline unsigned stj_two(const unsigned char *from) {
        uint16_t two;
        memcpy(&two, from, 2);
    #if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        two = __builtin_bswap16(two);
    #endif
        return two;
    }
    #endif
    static inline uint64_t stj_special(uint64_t word) {
        uint64_t quotes = word ^ QUOTES, slashes = word ^ BACKSLASHES;
        return (word | ((quotes - ONES) & ~quotes) | ((slashes - ONES) & ~slashes) | ((word - BLANKS) & ~word)) & HIGHS;
    }
    static inline uint32_t stj_four(uint64_t word) { return (uint32_t)word; }
    /* of a number without sign and exponent: bytes of it, digits, those of the fraction, the first and the last that is not 0, or -1 */
    struct stj_digits { int length, digits, fraction, first, last; };
    #if defined(__SSE2__)
    #include <emmintrin.h>
    STJ_INLINE unsigned stj_plain(const unsigned char *from) {
        __m128i text = _mm_loadu_si128((const __m128i *)from);
        /* as signed numbers, what is not ASCII is less than a blank too */
        __m128i special = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(text, _mm_set1_epi8(34)), _mm_cmpeq_epi8(text, _mm_set1_epi8(92))),
            _mm_cmplt_epi8(text, _mm_set1_epi8(32)));
        unsigned marked = (unsigned)_mm_movemask_epi8(special);
        return marked ? (unsigned)__builtin_ctz(marked) : 16;
    }
    static inline unsigned stj_same(__m128i text, char which) {
        return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8(which)));
    }
    static size_t stj_past_escapes(const unsigned char *text, size_t at, size_t sixteens, int64_t *escapes) {
        __m128i none = _mm_setzero_si128(), sums = none;
        while (at < sixteens) {
            __m128i these = _mm_loadu_si128((const __m128i *)(text + at));
            __m128i quote = _mm_cmpeq_epi8(these, _mm_set1_epi8(34)), slash = _mm_cmpeq_epi8(these, _mm_set1_epi8(92));
            /* "nrtbf/ after a backslash; what else follows one, and what lies beyond the sixteen, ends it there */
            __m128i simple = _mm_or_si128(
                _mm_or_si128(
                    _mm_or_si128(quote, _mm_cmpeq_epi8(these, _mm_set1_epi8('n'))),
                    _mm_or_si128(_mm_cmpeq_epi8(these, _mm_set1_epi8('t')), _mm_cmpeq_epi8(these, _mm_set1_epi8('r')))),
                _mm_or_si128(
                    _mm_or_si128(_mm_cmpeq_epi8(these, _mm_set1_epi8('b')), _mm_cmpeq_epi8(these, _mm_set1_epi8('f'))),
                    _mm_cmpeq_epi8(these, _mm_set1_epi8('/'))));
            unsigned slashes = (unsigned)_mm_movemask_epi8(slash), escaped = slashes << 1, counted;
            unsigned others = (unsigned)_mm_movemask_epi8(_mm_or_si128(quote, _mm_cmplt_epi8(these, _mm_set1_epi8(32))));
            unsigned ends = (others & ~escaped) | ((escaped & ~(unsigned)_mm_movemask_epi8(simple)) >> 1);
            if (!ends) {
                sums = _mm_add_epi64(sums, _mm_sad_epu8(_mm_sub_epi8(none, slash), none));
                at += 16;
                continue;
            }
            for (counted = slashes & ((ends & (0 - ends)) - 1); counted; counted &= counted - 1) ++*escapes;
            at += (unsigned)__builtin_ctz(ends);
            if (ends != 0x8000 || !(slashes & 0x8000)) break; /* what the last one escapes is read with it */
        }
        *escapes += (int64_t)_mm_cvtsi128_si32(sums) + _mm_cvtsi128_si32(_mm_srli_si128(sums, 8));
        return at;
    }
    static inline unsigned stj_between(__m128i text, char low, char high) {
        return (unsigned)_mm_movemask_epi8(
            _mm_and_si128(_mm_cmpgt_epi8(text, _mm_set1_epi8((char)(low - 1))), _mm_cmplt_epi8(text, _mm_set1_epi8((char)(high + 1)))));
    }
    STJ_INLINE int stj_short_number(const unsigned char *from, struct stj_digits *found) {
        __m128i text = _mm_loadu_si128((const __m128i *)from);
        unsigned quotes = stj_same(text, 34), before, digits, point, telling, lower;
        if (!quotes) return 0;
        before = (quotes & (0 - quotes)) - 1;
        found->length = __builtin_ctz(quotes);
        found->digits = found->length;
        found->fraction = 0;
        point = stj_same(text, 46) & before;
        digits = stj_between(text, 48, 57) & before;
        telling = digits & ~stj_same(text, 48);
        if (digits != before) {
            if (!point || (point & (point - 1)) || (digits | point) != before) return 0;
            lower = point - 1;
            found->digits -= 1;
            found->fraction = found->length - 1 - __builtin_ctz(point);
            telling = (telling & lower) | ((telling >> 1) & ~lower);
        }
        if (!found->digits) return 0;
        found->first = telling ? __builtin_ctz(telling) : -1;
        found->last = telling ? 31 - __builtin_clz(telling) : -1;
        return 1;
    }
    STJ_INLINE int stj_alike(const unsigned char *one, const unsigned char *other, size_t length) {
        unsigned different;
        while (length > 16) {
            if (_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)one), _mm_loadu_si128((const __m128i *)other))) != 0xFFFF)
                return 0;
            one += 16, other += 16, length -= 16;
        }
        different = ~(unsigned)_mm_movemask_epi8(
            _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)one), _mm_loadu_si128((const __m128i *)other)));
        return different << (32 - (unsigned)length) == 0;
    }
    static inline int stj_classes(const unsigned char *from, unsigned *alphanumeric, unsigned *joining) {
        __m128i text = _mm_loadu_si128((const __m128i *)from);
        *alphanumeric = stj_between(text, 48, 57) | stj_between(_mm_or_si128(text, _mm_set1_epi8(32)), 97, 122);
        *joining = stj_same(text, 35) | stj_same(text, 124);
        return 1;
    }
    #else
    static inline int stj_short_number(const unsigned char *from, struct stj_digits *found) { return 0; }
    static inline int stj_classes(const unsigned char *from, unsigned *alphanumeric, unsigned *joining) { return 0; }
    STJ_INLINE int stj_alike(const unsigned char *one, const unsigned char *other, size_t length) {
        while (length > 8) {
            if (stj_eight(one) != stj_eight(other)) return 0;
            one += 8, other += 8, length -= 8;
        }
        return (stj_eight(one) ^ stj_eight(other)) << (64 - 8 * length) == 0;
    }
    static inline unsigned stj_plain(const unsigned char *from) {
        uint64_t marked = stj_special(stj_eight(from));
        if (marked) return stj_first(marked);
        marked = stj_special(stj_eight(from + 8));
        return marked ? 8 + stj_first(marked) : 16;
    }
    static size_t stj_past_escapes(const unsigned char *text, size_t at, size_t sixteens, int64_t *escapes) {
        unsigned plain = 16;
        (void)escapes; /* none */
        while (at < sixteens && plain == 16) {
            plain = stj_plain(text + at);
            at += plain;
        }
        return at;
    }
    #endif
    /* The bytes of a number. `fraction`: how many of the digits stand behind the point, after the exponent has moved it. */
    STJ_INLINE int64_t stj_number_bytes(int64_t digits, int64_t fraction, int64_t first, int64_t last, int negative) {
        int64_t power = digits - 1 - fraction, bytes;
        if (first < 0) return 1;
        bytes = 2 + ((power - first) >> 1) - ((power - last) >> 1) + negative; /* 1, pairs of digits, the sign */
        return bytes < MAX_NUMBER_BYTES ? bytes : MAX_NUMBER_BYTES;
    }
    /*
    A value of type S, N, BOOL or NULL as DynamoDB writes it, from its type on, at text[at], where `at` < `wides`: from places before
    `wides`, 32 bytes can be read. Gives its type, and in `found` what is told of it; so `past` and the byte after it can be read too.
    STJ_TEXT_GOES_ON: a text of which the bytes before `end` are plain. STJ_OTHER_VALUE: to be read byte by byte.
    */
    struct stj_value { size_t start, end, past; int64_t size; };
    STJ_INLINE int stj_usual(const unsigned char *text, size_t at, size_t wides, struct stj_value *found) {
        uint64_t word = stj_eight(text + at);
        uint32_t four = stj_four(word);
        struct stj_digits digits;
        unsigned plain;
        int negative;
        found->start = found->end = at + 4;
        found->size = 1;
        if (four == OF_TEXT) {
            /* sixteen bytes from at + 4 or from before `wides`; what follows them is at most four bytes further on */
            do {
                plain = stj_plain(text + found->end);
                found->end += plain;
                if (plain < 16) {
                    if (stj_two(text + found->end) != QUOTE_BRACE) return STJ_TEXT_GOES_ON;
                    found->past = found->end + 2;
                    found->size = (int64_t)(found->end - found->start);
                    return STJ_S;
                }
            } while (found->end < wides);
            return STJ_TEXT_GOES_ON;
        }
        if (four == OF_NUMBER) {
            negative = text[at + 4] == '-';
            if (!stj_short_number(text + at + 4 + negative, &digits)) return STJ_OTHER_VALUE;
            found->end += negative + digits.length; /* at most at + 20 */
            if (stj_two(text + found->end) != QUOTE_BRACE) return STJ_OTHER_VALUE;
            found->past = found->end + 2;
            found->size = stj_number_bytes(digits.digits, digits.fraction, digits.first, digits.last, negative);
            return STJ_N;
        }
        found->past = at + 11;
        four = stj_four(stj_eight(text + at + 8));
        if (word == BOOL_TRUE && (four & 0xFFFFFF) == END_TRUE) return STJ_BOOL;
        if (word == NULL_TRUE && (four & 0xFFFFFF) == END_TRUE) return STJ_NULL;
        found->past = at + 12;
        if (word == BOOL_FALSE && four == END_FALSE) return STJ_BOOL;
        return STJ_OTHER_VALUE;
    }
    """
    unsigned stj_plain(const unsigned char *start) noexcept nogil  # of 16 bytes, those before a quote, a backslash, a control, or no ASCII
    # past plain bytes and escapes of two bytes, whose number is added to `escapes`, up to another, or a place from `sixteens` on
    size_t stj_past_escapes(const unsigned char *text, size_t at, size_t sixteens, int64_t *escapes) noexcept nogil
    const uint64_t ONES, HIGHS, BACKSLASHES, SPREAD, TAG_MASK, TAG
    const unsigned COMMA_QUOTE
    const uint32_t NO_SLOT, TO_TYPE, OF_STRINGS
    const uint64_t WRAPPED
    enum:
        S "STJ_S"
        N "STJ_N"
        B "STJ_B"
        BOOL "STJ_BOOL"
        NULL_ "STJ_NULL"
        SS "STJ_SS"
        NS "STJ_NS"
        BS "STJ_BS"
        L "STJ_L"
        M "STJ_M"
        TEXT_GOES_ON "STJ_TEXT_GOES_ON"
    const int64_t TOO_MANY_BYTES, FIRST_EPOCH_SECONDS, END_EPOCH_SECONDS
    void stj_put_eight(unsigned char *to, const unsigned char *start) noexcept nogil  # copy eight bytes
    uint64_t stj_eight(const unsigned char *start) noexcept nogil  # eight bytes, the first the lowest
    uint32_t stj_four(uint64_t word) noexcept nogil  # the first four of them
    cdef struct stj_digits:
        int length, digits, fraction, first, last
    bint stj_short_number(const unsigned char *start, stj_digits *found) noexcept nogil  # of 16 bytes; False: it is longer, or of another form
    # of 16 bytes, by bits: letters and digits of ASCII, and # and |. False: not known
    bint stj_classes(const unsigned char *start, unsigned *alphanumeric, unsigned *joining) noexcept nogil
    unsigned stj_two(const unsigned char *start) noexcept nogil  # two bytes, the first the lowest
    # whether two stretches of one byte or more are the same; of both, sixteen bytes can be read from their last one on
    bint stj_alike(const unsigned char *one, const unsigned char *other, size_t length) noexcept nogil
    int64_t stj_number_bytes(int64_t digits, int64_t fraction, int64_t first, int64_t last, bint negative) noexcept nogil
    cdef struct stj_value:
        size_t start, end, past
        int64_t size
    int stj_usual(const unsigned char *text, size_t at, size_t wides, stj_value *found) noexcept nogil

cdef enum:
    GIVE_UP = -2

    MAX_DEPTH = 64  # of lists and maps in each other; DynamoDB takes 32
    MAX_EXPONENT_DIGITS = 9
    MAX_INDEXES = 25
    MAX_KEY_ATTRIBUTES = 64
    MAX_LARGEST = 64
    ROW = MAX_KEY_ATTRIBUTES + 1
    MAX_PROBES = 64
    FEW = 12  # names that are compared each with each

    # records: what is known of one top-level attribute of one item
    SLOT = 0
    SIZE = 1
    KIND = 2  # and the length of the name above it
    NAME = 3
    RECORD = 4
    KIND_BITS = 4
    KIND_MASK = 15

    # details: more of each attribute that has a bit above the indexes' in its INFO, in the order of the records
    START = 0  # of the text in a value of type S, N or B
    END = 1
    CHECKSUM = 2  # of a partition key's text as it stands there
    SHAPE = 3  # of a key's value, or ASK
    DETAIL = 4
    SHAPE_MASK = 255
    ESCAPED_BIT = 256  # above the shape: of the text

    # items
    FIRST = 0  # record
    BEGIN = 1
    CLOSE = 2
    BYTES = 3
    TOLD = 4  # the first of its details
    ITEM = 8

    # slots: the running numbers of one attribute name
    PRESENT = 0
    TOTAL = 1
    MAX = 2
    TYPES = 3
    STATE = 4
    INFO = 5  # the indexes that hold the attribute, by bits; above them what else it is
    STAMP = 6  # of the item that had it last
    LABEL = 7  # where the name is, and its length
    SLOTS = 8
    LENGTH_BITS = 24
    LENGTH_MASK = (1 << LENGTH_BITS) - 1
    TO_TYPE_BYTES = 4  # what stands between a name and its type; in the labels, it follows each name

    NEW = 0  # known beforehand, and not yet seen
    COUNTED = 1
    OTHER = 2

    KEY_SHIFT = 32  # the number of the key attribute, from 1
    TTL_BIT = 40
    SPECIAL_BIT = 41

    # what is left for Python, after the bulk
    TO_NAME = 0
    TO_SHAPE = 1
    TO_EXPIRE = 2
    TO_COMPRESS = 3
    TO_HASH = 4
    TO_SIZE = 5
    TODO = 3

    ESCAPED = 1
    NOT_ASCII = 2

    # shapes.py
    TIME = 1
    ROUNDED = 2
    EMAIL = 4
    PHONE = 8
    ADDRESS = 16
    JOINED = 32
    SHAPES = 64
    ASK = 255  # `shape_of` knows

    # classes of characters
    DIGIT = 1
    ALPHANUMERIC = 2
    OF_ADDRESS = 4
    TELLING = 8
    OF_PHONE = 16
    JOINING = 32
    AT = 64
    ODD = 128  # not ASCII, or not to be printed

    # what TTL makes of an item
    MISSING = 0
    NOT_NUMBERS = 1
    MILLISECONDS = 2
    IGNORED = 3
    OVERDUE = 4
    DUE = 5
    LATER = 6
    EXPIRIES = 7

    RECENT = 4
    RECENTS = 256
    RECENT_BYTES = 64

    USUALS = 256

    HISTOGRAM = 409_601  # AWS: an item has 400 KB at the most
    MAX_RECORDS = 524_288
    KEPT_RECORDS = 131_072
    BATCH_RECORDS = 8_192  # of lines that are counted together: they stay in the caches of a processor
    CONTAINER_BYTES = 3

TYPE_NAMES = ("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M")
EXPIRY_NAMES = ("missing", "not_numbers", "milliseconds", "ignored", "overdue", "due", "later")

cdef struct UsualName:  # in a map: where it was last, without escapes, and with ":{" behind it
    uint64_t hashed
    uint32_t at, length  # length 0: none

cdef uint32_t[8][256] CRC
cdef uint8_t[256] BASE64
cdef uint8_t[256] CLASS  # of characters, for shapes


def _fill_tables():
    cdef uint32_t value
    cdef int at, k
    for at in range(256):
        value = at
        for k in range(8):
            value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
        CRC[0][at] = value
    for k in range(1, 8):
        for at in range(256):
            CRC[k][at] = (CRC[k - 1][at] >> 8) ^ CRC[0][CRC[k - 1][at] & 0xFF]
    for at in range(256):
        BASE64[at] = 255
        CLASS[at] = 0
        if not 32 <= at < 127:
            CLASS[at] |= ODD
    for at, value in enumerate(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"):
        BASE64[value] = at
    for members, value in (
        (b"0123456789", DIGIT | ALPHANUMERIC | OF_ADDRESS | OF_PHONE),
        (b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", ALPHANUMERIC),
        (b"ABCDEFabcdef.:", OF_ADDRESS),
        (b" ()./-", OF_PHONE),
        (b"#|@:+(.", TELLING),
        (b"#|:", JOINING),
        (b"@", AT),
    ):
        for at in members:
            CLASS[at] |= value


_fill_tables()

cdef inline uint32_t _crc_eight(uint64_t word) noexcept nogil:
    return (
        CRC[7][word & 0xFF] ^ CRC[6][(word >> 8) & 0xFF] ^ CRC[5][(word >> 16) & 0xFF] ^ CRC[4][(word >> 24) & 0xFF]
        ^ CRC[3][(word >> 32) & 0xFF] ^ CRC[2][(word >> 40) & 0xFF] ^ CRC[1][(word >> 48) & 0xFF] ^ CRC[0][word >> 56]
    )


# ------------------------------------------------------------------------------------- BLAKE2b (RFC 7693)

cdef uint64_t[8] BLAKE_START
BLAKE_START[:] = [
    0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
    0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
]
cdef uint8_t[12][16] SIGMA
SIGMA[0][:] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
SIGMA[1][:] = [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3]
SIGMA[2][:] = [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4]
SIGMA[3][:] = [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8]
SIGMA[4][:] = [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13]
SIGMA[5][:] = [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9]
SIGMA[6][:] = [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11]
SIGMA[7][:] = [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10]
SIGMA[8][:] = [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5]
SIGMA[9][:] = [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0]
SIGMA[10][:] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
SIGMA[11][:] = [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3]


cdef inline uint64_t _right64(uint64_t word, int bits) noexcept nogil:
    return (word >> bits) | (word << (64 - bits))


cdef inline void _stir(uint64_t *v, int a, int b, int c, int d, uint64_t x, uint64_t y) noexcept nogil:
    v[a] = v[a] + v[b] + x
    v[d] = _right64(v[d] ^ v[a], 32)
    v[c] = v[c] + v[d]
    v[b] = _right64(v[b] ^ v[c], 24)
    v[a] = v[a] + v[b] + y
    v[d] = _right64(v[d] ^ v[a], 16)
    v[c] = v[c] + v[d]
    v[b] = _right64(v[b] ^ v[c], 63)


cdef void _blake_block(uint64_t *state, const uint8_t *block, uint64_t counted, bint final) noexcept nogil:
    """One block of 128 bytes into a state of 8 words; `counted`: bytes up to its end."""
    cdef uint64_t[16] v
    cdef uint64_t[16] m
    cdef uint8_t *s
    cdef int k
    for k in range(16):
        m[k] = stj_eight(&block[8 * k])
    for k in range(8):
        v[k] = state[k]
        v[k + 8] = BLAKE_START[k]
    v[12] ^= counted
    if final:
        v[14] = ~v[14]
    for k in range(12):
        s = SIGMA[k]
        _stir(v, 0, 4, 8, 12, m[s[0]], m[s[1]])
        _stir(v, 1, 5, 9, 13, m[s[2]], m[s[3]])
        _stir(v, 2, 6, 10, 14, m[s[4]], m[s[5]])
        _stir(v, 3, 7, 11, 15, m[s[6]], m[s[7]])
        _stir(v, 0, 5, 10, 15, m[s[8]], m[s[9]])
        _stir(v, 1, 6, 11, 12, m[s[10]], m[s[11]])
        _stir(v, 2, 7, 8, 13, m[s[12]], m[s[13]])
        _stir(v, 3, 4, 9, 14, m[s[14]], m[s[15]])
    for k in range(8):
        state[k] ^= v[k] ^ v[k + 8]


cdef int _start_hash(uint64_t *state, uint64_t *empty, bytes key, int digest_bytes) except -1:
    """The states of a keyed hash: after the block of its key, which another follows; and where none does."""
    cdef uint8_t[128] block
    cdef int at
    for at in range(128):
        block[at] = key[at] if at < len(key) else 0
    for at in range(8):
        state[at] = BLAKE_START[at]
    state[0] ^= 0x01010000 ^ (len(key) << 8) ^ digest_bytes
    for at in range(8):
        empty[at] = state[at]
    _blake_block(empty, block, 128, True)
    _blake_block(state, block, 128, False)
    return 0


# ------------------------------------------------------------------------------------------------------------- the scanner

def _words(count):
    """`count` zeros of 8 bytes."""
    return memoryview(bytearray(8 * max(1, count))).cast("Q")


def _signed(count):
    return memoryview(bytearray(8 * max(1, count))).cast("q")


def _halves(count):
    """`count` zeros of 4 bytes."""
    return memoryview(bytearray(4 * max(1, count))).cast("I")


def _bytes(count):
    return memoryview(bytearray(max(1, count)))


def _longer(view, make, needed):
    """A view that is twice as long, or as needed, and begins as the old one."""
    longer = make(max(2 * len(view), needed))
    longer[: len(view)] = view
    return longer


def _power_of_two(least):
    return 1 << max(0, least - 1).bit_length()


class Unsupported(Exception):
    """A table that only `ItemFold` folds."""


@cython.final
cdef class Scanner:
    """
    The counters of one fold.

    `owner` is asked for what is rare, with the GIL: shape_of(text), expiry_of(digits), item_hash(item), all of bytes, compress(rank, item,
    sizes by name) and last_rank().
    """

    # the input, and where in it we are
    cdef const unsigned char[::1] body
    cdef const unsigned char *text  # the same bytes, for places that were checked
    cdef size_t body_bytes
    cdef size_t eights, sixteens, wides  # from before here, so many bytes can be read; `wides`: 32
    cdef bint one_line  # line breaks end an item
    cdef size_t items_start, items_end
    # what the last text, number or value was
    cdef int64_t saved  # bytes that escapes took beyond what they stand for
    cdef int marks
    cdef int64_t size
    cdef int kind
    cdef size_t value_start, value_end
    cdef int64_t first_digit, last_digit, power
    cdef bint negative
    # what was read, and is still to be counted
    cdef uint32_t[::1] records
    cdef Py_ssize_t record_count
    cdef uint32_t[::1] details
    cdef Py_ssize_t detail_count
    cdef uint32_t[::1] entries
    cdef Py_ssize_t entry_count
    cdef uint64_t[::1] names  # hashes of the names of the maps that are open
    cdef Py_ssize_t name_count
    cdef UsualName[USUALS] usual  # in maps of this input, by `context`
    cdef uint64_t context  # tells by the name before, and how deep it was
    cdef uint64_t[::1] seen
    cdef uint32_t[::1] todo
    cdef Py_ssize_t todo_count
    # attributes
    cdef int64_t[::1] slots
    cdef Py_ssize_t slot_count, slot_limit
    cdef uint32_t[::1] follows  # the slot that came after a slot the last time, both from 1; 0: an item begins
    cdef uint64_t[::1] by_hash
    cdef uint64_t hash_mask, seed
    cdef uint8_t[::1] labels
    cdef Py_ssize_t label_bytes
    cdef int64_t stamp
    cdef int64_t[::1] slots_before  # rows as they were before this input
    cdef bint uncounted  # there is an input, and it was not counted as a whole
    cdef list ranks
    cdef dict slot_by_name  # of those that are counted
    cdef object first_names
    cdef object other_name
    cdef Py_ssize_t max_attributes
    cdef bint full, last_is_first
    cdef Py_ssize_t last_length
    cdef uint8_t[::1] last_name
    cdef int64_t other_present, other_total, other_max, other_types
    # sizes
    cdef int64_t[::1] histogram
    cdef dict beyond
    cdef readonly int64_t items, item_bytes
    # keys
    cdef int key_count
    cdef int[MAX_KEY_ATTRIBUTES] key_kinds
    cdef uint64_t required, have  # key attributes of the table, and those of the item at hand, by bits
    cdef uint64_t hashed  # those that are a partition key alone, by bits
    cdef bint keyed
    cdef int index_count
    cdef int64_t projecting  # the indexes that hold some attributes, not all, by bits
    cdef uint64_t[MAX_INDEXES] index_required
    cdef bint[MAX_INDEXES] index_all
    cdef int64_t[MAX_INDEXES] index_entries
    cdef int64_t[MAX_INDEXES] index_total
    cdef int64_t[MAX_INDEXES] index_max
    cdef int64_t[MAX_INDEXES] index_size  # of the item at hand
    cdef uint32_t[::1] parts  # rows: how many key attributes, and which; HASH of the table and of each index, the table's key, its RANGE
    cdef Py_ssize_t key_row, sort_row
    cdef uint32_t[MAX_KEY_ATTRIBUTES] key_details
    cdef uint32_t[MAX_KEY_ATTRIBUTES] key_at
    cdef uint32_t[MAX_KEY_ATTRIBUTES] key_length
    cdef uint64_t keys_ready
    cdef uint8_t[::1] scratch  # bytes of keys of the item at hand
    cdef Py_ssize_t scratch_bytes
    cdef uint32_t joined_at, joined_length
    cdef Py_ssize_t buckets, distinct_limit
    cdef int64_t[::1] bucket_items
    cdef int64_t[MAX_INDEXES + 1] key_items
    cdef uint64_t[::1] digests
    cdef int64_t[::1] digest_items
    cdef uint32_t[::1] digest_table
    cdef uint32_t digest_mask
    cdef Py_ssize_t[MAX_INDEXES + 1] distinct  # -1: too many
    # of BLAKE2b, for partition keys and for the largest items: its state after the block of the key, and at the end of no text
    cdef uint64_t[8] value_state
    cdef uint64_t[8] value_empty
    cdef uint64_t[8] item_state
    cdef uint64_t[8] item_empty
    cdef uint64_t digest_low, digest_high  # the last hash
    # the last few partition keys of this input: where, how long, checksum, place among the digests from 1
    cdef uint32_t[::1] recent
    cdef int64_t[::1] shapes
    # TTL
    cdef bint expiring
    cdef double now, oldest, overdue, milliseconds_from
    cdef int64_t[EXPIRIES] expiries
    # the largest, and the sample that is compressed
    cdef int largest_limit, largest_count
    cdef int64_t[MAX_LARGEST] largest_size
    cdef uint64_t[MAX_LARGEST] largest_hash
    cdef int64_t compressed_from
    cdef uint64_t rank_factor, rank_summand, last_rank
    cdef object owner

    def __cinit__(
        self,
        owner,
        *,
        key_attributes,  # (name, type) of all keys, each once
        key_schema,  # the numbers of the table's, in order
        key_hash,
        key_range,
        indexes,  # (numbers of all key attributes, those of HASH, names of the projected attributes or None)
        first,  # names that are counted before others
        ttl,  # name, or None
        now,
        ttl_bounds,  # oldest, overdue, milliseconds from
        value_hash,  # of BLAKE2b: key, bytes of a digest
        item_hash,
        limits,  # attributes, distinct values, buckets, largest, compressed from
        other_name,
        rank,  # factor, summand
        seed,
    ):
        if len(key_attributes) > MAX_KEY_ATTRIBUTES or len(indexes) > MAX_INDEXES:
            raise Unsupported
        self.owner = owner
        self.max_attributes, self.distinct_limit, self.buckets, self.largest_limit, self.compressed_from = limits
        if self.largest_limit > MAX_LARGEST or self.largest_limit < 1:
            raise Unsupported
        self.other_name = other_name
        self.rank_factor, self.rank_summand = rank
        self.seed = seed
        self.records = _halves(RECORD * 1024)
        self.details = _halves(DETAIL * 256)
        self.entries = _halves(ITEM * 256)
        self.names = _words(64)
        self.seen = _words(64)
        self.todo = _halves(TODO * 64)
        self.histogram = _signed(4096)
        self.beyond = {}
        self.scratch = _bytes(4096)
        self.last_name = _bytes(1)
        self.ranks = []
        self.slot_by_name = {}
        # keys
        self.key_count = len(key_attributes)
        for at, (_, kind) in enumerate(key_attributes):
            if kind not in ("S", "N", "B"):
                raise Unsupported
            self.key_kinds[at] = TYPE_NAMES.index(kind)
        self.required = sum({1 << at for at in key_schema})
        self.keyed = bool(key_schema)
        self.index_count = len(indexes)
        rows = [key_hash, *(hashes for _, hashes, _ in indexes), key_schema, key_range]
        self.parts = _halves(ROW * len(rows))
        for row, numbers in enumerate(rows):
            if len(numbers) >= ROW:
                raise Unsupported
            self.parts[ROW * row] = len(numbers)
            for at, number in enumerate(numbers):
                self.parts[ROW * row + at + 1] = number
        self.hashed = sum({1 << numbers[0] for numbers in rows[: 1 + len(indexes)] if len(numbers) == 1})
        self.key_row = ROW * (len(rows) - 2)
        self.sort_row = ROW * (len(rows) - 1)
        for at, (keys, _, names) in enumerate(indexes):
            self.index_required[at] = sum({1 << key for key in keys})
            self.index_all[at] = names is None
            if names is not None:
                self.projecting |= 1 << at
        sets = 1 + len(indexes)
        self.bucket_items = _signed(sets * self.buckets)
        self.digests = _words(sets * self.distinct_limit * 2)
        self.digest_items = _signed(sets * self.distinct_limit)
        self.digest_mask = _power_of_two(4 * self.distinct_limit) - 1
        self.digest_table = _halves(sets * (self.digest_mask + 1))
        self.recent = _halves(sets * RECENT * RECENTS)
        self.shapes = _signed(self.key_count * SHAPES)
        _start_hash(self.value_state, self.value_empty, value_hash[0], value_hash[1])
        _start_hash(self.item_state, self.item_empty, item_hash[0], item_hash[1])
        # TTL
        self.expiring = ttl is not None
        self.now = now
        self.oldest, self.overdue, self.milliseconds_from = ttl_bounds
        # attributes
        special = {}
        for at, (name, _) in enumerate(key_attributes):
            special[name] = special.get(name, 0) | (<int64_t> (at + 1) << KEY_SHIFT)
        for at, (_, _, names) in enumerate(indexes):
            for name in names or ():
                special[name] = special.get(name, 0) | (1 << at)
        if ttl is not None:
            special[ttl] = special.get(ttl, 0) | (<int64_t> 1 << TTL_BIT)
        for name in first:
            special.setdefault(name, 0)
        self.first_names = frozenset(first)
        self.slot_limit = 2 * (self.max_attributes + len(special)) + 64
        self.slots = _signed(SLOTS * self.slot_limit)
        self.slots_before = _signed(SLOTS * self.slot_limit)
        self.follows = _halves(self.slot_limit + 1)
        self.hash_mask = _power_of_two(4 * self.slot_limit) - 1
        self.by_hash = _words(self.hash_mask + 1)
        self.labels = _bytes(4096)
        for name, info in special.items():
            encoded = name.encode("utf-8", "surrogatepass")
            if len(encoded) >= 1 << LENGTH_BITS:
                raise Unsupported
            self._new_slot(encoded, info | (<int64_t> 1 << SPECIAL_BIT), NEW)

    # -------------------------------------------------------------------------------------------------- what Python calls

    def read_page(self, const unsigned char[::1] body not None):
        """
        Read a Scan answer, and count nothing yet. Gives (items, bytes of them, the answer with an empty list of items); None: it is one for
        `ItemFold`.
        """
        cdef Py_ssize_t status = GIVE_UP
        cdef Py_ssize_t at
        cdef int64_t total = 0
        self._open(body)
        self.one_line = False
        try:
            with nogil:
                status = self._page()
        except IndexError:  # it ends too early
            pass
        if status < 0:
            self._close()
            return None
        for at in range(self.entry_count):
            total += self.entries[ITEM * at + BYTES]
        return self.entry_count, total, bytes(body[: self.items_start]) + b"[]" + bytes(body[self.items_end :])

    def count(self):
        """Count what was read."""
        try:
            self._count_all()
        finally:
            self._close()

    def forget(self):
        """Do not count what was read."""
        self._close()

    def lines(self, const unsigned char[::1] block not None, size_t start, bint wrapped):
        """
        Read whole lines from `start` and count them: up to the end, a line for `ItemFold`, or enough of them. Gives (where it stopped, lines
        before that, items in them, the end of the line for `ItemFold` or 0).
        """
        cdef Py_ssize_t status = GIVE_UP
        cdef size_t at = start
        cdef size_t end
        cdef Py_ssize_t lines = 0
        cdef Py_ssize_t found
        self._open(block)
        self.one_line = True
        try:
            try:
                with nogil:
                    status = self._some_lines(&at, &lines, wrapped, self.body_bytes)
            except IndexError:
                pass
            if status < 0:  # what was counted of the last line is taken back, and with it that of those before, which are read again
                self._forget_read()
                end = at
                at = start
                lines = 0
                with nogil:
                    self._some_lines(&at, &lines, wrapped, end)
            found = self.entry_count
            self._count_all()
        finally:
            end = 0
            if status < 0:
                end = self._line_end(at)
            self._close()
        return at, lines, found, end

    def sizes(self):
        """Items by size."""
        found = dict(self.beyond)
        cdef Py_ssize_t at
        for at in range(self.histogram.shape[0]):
            if self.histogram[at]:
                found[at] = self.histogram[at]
        return found

    def over(self, int64_t threshold):
        """Items that are larger."""
        cdef int64_t found = 0
        cdef Py_ssize_t at
        for at in range(max(0, threshold + 1), self.histogram.shape[0]):
            found += self.histogram[at]
        return found + sum([times for size, times in self.beyond.items() if size > threshold])

    def attributes(self):
        """By name: (present, total, max, types); and the same of the others."""
        cdef Py_ssize_t slot
        found = {}
        for slot in range(self.slot_count):
            if self.slots[SLOTS * slot + STATE] == COUNTED and self.slots[SLOTS * slot + PRESENT]:
                found[self._label(slot).decode("utf-8", "surrogatepass")] = (
                    self.slots[SLOTS * slot + PRESENT],
                    self.slots[SLOTS * slot + TOTAL],
                    self.slots[SLOTS * slot + MAX],
                    _type_names(self.slots[SLOTS * slot + TYPES]),
                )
        return found, (self.other_present, self.other_total, self.other_max, _type_names(self.other_types))

    def keys(self, Py_ssize_t of):
        """Of the table (0) or an index (from 1): items, items by bucket, items by value hash or None."""
        cdef Py_ssize_t at, place
        buckets = {}
        for at in range(self.buckets):
            if self.bucket_items[of * self.buckets + at]:
                buckets[at] = self.bucket_items[of * self.buckets + at]
        if not 0 <= of <= self.index_count:
            raise IndexError(of)
        if self.distinct[of] < 0:
            return self.key_items[of], buckets, None
        values = {}
        for at in range(self.distinct[of]):
            place = of * self.distinct_limit + at
            low, high = self.digests[2 * place], self.digests[2 * place + 1]
            values[low.to_bytes(8, "little").hex() + high.to_bytes(8, "little").hex()] = self.digest_items[place]
        return self.key_items[of], buckets, values

    def index_numbers(self):
        """Of each index: entries, total, max."""
        return [(self.index_entries[at], self.index_total[at], self.index_max[at]) for at in range(self.index_count)]

    def largest(self):
        """Size and hash, the largest first."""
        return [(self.largest_size[at], self.largest_hash[at]) for at in range(self.largest_count)]

    def key_shapes(self):
        return tuple(tuple(self.shapes[SHAPES * at : SHAPES * (at + 1)]) for at in range(self.key_count))

    def time_to_live(self):
        return {name: self.expiries[at] for at, name in enumerate(EXPIRY_NAMES) if self.expiries[at]}

    def reset(self):
        """Set all counters to 0. The names stay known: which are counted one by one is decided by all that were seen."""
        cdef Py_ssize_t at
        self.items = self.item_bytes = 0
        self.histogram = _signed(4096)
        self.beyond = {}
        for at in range(self.slot_count):
            self.slots[SLOTS * at + PRESENT] = 0
            self.slots[SLOTS * at + TOTAL] = 0
            self.slots[SLOTS * at + MAX] = 0
            self.slots[SLOTS * at + TYPES] = 0
        self.other_present = self.other_total = self.other_max = self.other_types = 0
        self.bucket_items[:] = 0
        self.digest_table[:] = 0
        self.digest_items[:] = 0
        self.shapes[:] = 0
        for at in range(MAX_INDEXES + 1):
            self.key_items[at] = 0
            if self.distinct[at] > 0:
                self.distinct[at] = 0
        for at in range(MAX_INDEXES):
            self.index_entries[at] = self.index_total[at] = self.index_max[at] = 0
        for at in range(EXPIRIES):
            self.expiries[at] = 0
        self.largest_count = 0

    # ------------------------------------------------------------------------------------------------- opening and closing

    cdef int _open(self, const unsigned char[::1] body) except -1:
        cdef int at
        self._close()
        if body.shape[0] >= TOO_MANY_BYTES:
            self.body = body[:0]
            self.body_bytes = 0
        else:
            self.body = body
            self.body_bytes = body.shape[0]
        self.text = &self.body[0] if self.body_bytes else NULL
        self.eights = self.body_bytes - 7 if self.body_bytes > 7 else 0
        self.sixteens = self.body_bytes - 15 if self.body_bytes > 15 else 0
        self.wides = self.body_bytes - 31 if self.body_bytes > 31 else 0
        self.slots_before[: SLOTS * self.slot_count] = self.slots[: SLOTS * self.slot_count]
        self.uncounted = True
        self.recent[:] = 0
        for at in range(USUALS):
            self.usual[at].length = 0
        return 0

    cdef int _close(self) except -1:
        if self.uncounted:
            self._forget_read()
        self.uncounted = False
        self.body = None
        self.text = NULL
        self.body_bytes = 0
        self.eights = 0
        self.sixteens = 0
        self.wides = 0
        self.record_count = self.detail_count = self.entry_count = self.name_count = self.todo_count = 0
        if self.records.shape[0] > RECORD * KEPT_RECORDS:
            self.records = _halves(RECORD * 1024)
        if self.details.shape[0] > DETAIL * KEPT_RECORDS:
            self.details = _halves(DETAIL * 256)
        if self.entries.shape[0] > ITEM * KEPT_RECORDS:
            self.entries = _halves(ITEM * 256)
        return 0

    cdef int _forget_read(self) except -1:
        """Take back what was counted of this input while it was read. There are no more slots than there were before: new ones come later."""
        self.slots[: SLOTS * self.slot_count] = self.slots_before[: SLOTS * self.slot_count]
        self.record_count = self.detail_count = self.entry_count = 0
        return 0

    cdef int _more_records(self) except -1 with gil:
        self.records = _longer(self.records, _halves, 0)
        return 0

    cdef int _more_details(self) except -1 with gil:
        self.details = _longer(self.details, _halves, 0)
        return 0

    cdef int _more_entries(self) except -1 with gil:
        self.entries = _longer(self.entries, _halves, 0)
        return 0

    cdef int _more_names(self) except -1 with gil:
        self.names = _longer(self.names, _words, 0)
        return 0

    cdef int _more_seen(self, Py_ssize_t needed) except -1 with gil:
        self.seen = _words(needed)
        return 0

    cdef int _more_todo(self) except -1 with gil:
        self.todo = _longer(self.todo, _halves, 0)
        return 0

    cdef int _more_scratch(self, Py_ssize_t needed) except -1 with gil:
        self.scratch = _longer(self.scratch, _bytes, needed)
        return 0

    cdef int _more_histogram(self, Py_ssize_t needed) except -1 with gil:
        self.histogram = _longer(self.histogram, _signed, needed)
        return 0

    # ------------------------------------------------------------------------------------------------------------- JSON

    cdef inline Py_ssize_t _past_blanks(self, size_t i) except -1 nogil:
        cdef unsigned char c = self.body[i]
        while c <= 32:
            if c != 32 and c != 9 and (self.one_line or (c != 10 and c != 13)):
                return GIVE_UP
            i += 1
            c = self.body[i]
        return i

    cdef inline Py_ssize_t _text(self, size_t i) except -1 nogil:
        """From behind the quote that opens a text to the one that closes it. Sets `saved` and `marks`."""
        cdef unsigned int plain
        self.saved = 0
        self.marks = 0
        while i < self.sixteens:
            plain = stj_plain(&self.body[i])
            if plain < 16:
                i += plain
                if self.body[i] == 34:
                    return i
                break
            i += 16
        return self._more_text(i)

    cdef Py_ssize_t _more_text(self, size_t i) except -1 nogil:
        """From within a text to the quote that closes it. Adds to `saved` and `marks`."""
        cdef int64_t saved = 0
        cdef Py_ssize_t after
        cdef unsigned char c
        while True:
            i = stj_past_escapes(self.text, i, self.sixteens, &saved)
            c = self.body[i]
            if c == 34:
                self.saved += saved
                if saved:
                    self.marks |= ESCAPED
                return i
            if c < 32:
                return GIVE_UP
            if c >= 128:
                while c >= 128:
                    after = self._beyond_ascii(i, c)
                    if after < 0:
                        return after
                    i = after
                    c = self.body[i]
            elif c == 92:
                after = self._escape(i)
                if after < 0:
                    return after
                i = after
            else:
                i += 1

    cdef Py_ssize_t _escape(self, size_t i) except -1 nogil:
        """Past an escape, from its backslash; half a surrogate pair is given up."""
        cdef unsigned char c = self.body[i + 1]
        cdef int code
        self.marks |= ESCAPED
        if c == 117:
            code = self._four_digits(i + 2)
            if code < 0:
                return GIVE_UP
            if code >= 128:
                self.marks |= NOT_ASCII
            if 0xD800 <= code < 0xE000:
                if code >= 0xDC00 or self.body[i + 6] != 92 or self.body[i + 7] != 117:
                    return GIVE_UP
                code = self._four_digits(i + 8)
                if not 0xDC00 <= code < 0xE000:
                    return GIVE_UP
                self.saved += 8
                return i + 12
            self.saved += 5 if code < 0x80 else 4 if code < 0x800 else 3
            return i + 6
        if c == 34 or c == 92 or c == 47 or c == 98 or c == 102 or c == 110 or c == 114 or c == 116:
            self.saved += 1
            return i + 2
        return GIVE_UP

    cdef int _four_digits(self, size_t i) except -1 nogil:
        """The number that four hexadecimal digits make, or GIVE_UP."""
        cdef int code = 0
        cdef int digit
        cdef size_t at
        cdef unsigned char c
        for at in range(i, i + 4):
            c = self.body[at]
            if 48 <= c <= 57:
                digit = c - 48
            elif 65 <= c <= 70:
                digit = c - 55
            elif 97 <= c <= 102:
                digit = c - 87
            else:
                return GIVE_UP
            code = code * 16 + digit
        return code

    cdef Py_ssize_t _beyond_ascii(self, size_t i, unsigned char c) except -1 nogil:
        """Past one character of two to four bytes, by the table of well-formed sequences of the Unicode standard (3-7)."""
        cdef unsigned char low = 0x80
        cdef unsigned char high = 0xBF
        cdef int more
        cdef int at
        self.marks |= NOT_ASCII
        if 0xC2 <= c <= 0xDF:
            more = 1
        elif 0xE0 <= c <= 0xEF:
            more = 2
            if c == 0xE0:
                low = 0xA0
            elif c == 0xED:
                high = 0x9F
        elif 0xF0 <= c <= 0xF4:
            more = 3
            if c == 0xF0:
                low = 0x90
            elif c == 0xF4:
                high = 0x8F
        else:
            return GIVE_UP
        for at in range(1, more + 1):
            c = self.body[i + at]
            if c < low or c > high:
                return GIVE_UP
            low = 0x80
            high = 0xBF
        return i + more + 1

    cdef Py_ssize_t _number(self, size_t i) except -1 nogil:
        """
        From behind the quote that opens a number to the one that closes it. Sets `size`, and the parts: places of the first and last digit that
        is not zero, `power` of the last one, `negative`.
        """
        cdef int64_t digits = 0
        cdef int64_t fraction = 0
        cdef int64_t first = -1
        cdef int64_t last = -1
        cdef int64_t exponent = 0
        cdef bint point = False
        cdef bint minus = False
        cdef bint negative
        cdef int exponent_digits = 0
        cdef stj_digits found
        cdef unsigned char c = self.body[i]
        negative = c == 45
        if negative or c == 43:
            i += 1
            c = self.body[i]
        if i < self.sixteens and stj_short_number(&self.body[i], &found):
            self._measure(found.digits, found.fraction, found.first, found.last, negative)
            return i + <size_t> found.length
        while True:
            if 48 <= c <= 57:
                if c != 48:
                    if first < 0:
                        first = digits
                    last = digits
                digits += 1
                fraction += point
            elif c == 46 and not point:
                point = True
            else:
                break
            i += 1
            c = self.body[i]
        if digits == 0:
            return GIVE_UP
        if c == 101 or c == 69:
            i += 1
            c = self.body[i]
            minus = c == 45
            if minus or c == 43:
                i += 1
                c = self.body[i]
            while 48 <= c <= 57:
                exponent = exponent * 10 + (c - 48)
                exponent_digits += 1
                if exponent_digits > MAX_EXPONENT_DIGITS:
                    return GIVE_UP
                i += 1
                c = self.body[i]
            if exponent_digits == 0:
                return GIVE_UP
            if minus:
                exponent = -exponent
        if c != 34:
            return GIVE_UP
        self._measure(digits, fraction - exponent, first, last, negative)
        return i

    cdef inline void _measure(self, int64_t digits, int64_t fraction, int64_t first, int64_t last, bint negative) noexcept nogil:
        """`fraction`: how many of the digits stand behind the point, after the exponent has moved it."""
        self.size = stj_number_bytes(digits, fraction, first, last, negative)
        self.first_digit = first
        self.last_digit = last
        self.power = digits - 1 - last - fraction if first >= 0 else 0
        self.negative = negative and first >= 0

    cdef Py_ssize_t _binary(self, size_t i) except -1 nogil:
        """From behind the quote that opens base64 text to the one that closes it. Sets `size`."""
        cdef Py_ssize_t end = self._text(i)
        if end < 0:
            return end
        if self.marks:
            return GIVE_UP
        self.size = (end - <Py_ssize_t> i) * 3 // 4
        if end > <Py_ssize_t> i and self.body[end - 1] == 61:
            self.size -= 1
        if end > <Py_ssize_t> i + 1 and self.body[end - 2] == 61:
            self.size -= 1
        return end if self.size >= 0 else GIVE_UP

    cdef Py_ssize_t _literal(self, size_t i) except -1 nogil:
        """Past true or false."""
        if self.body[i] == 116:
            if self.body[i + 1] == 114 and self.body[i + 2] == 117 and self.body[i + 3] == 101:
                return i + 4
        elif self.body[i] == 102:
            if self.body[i + 1] == 97 and self.body[i + 2] == 108 and self.body[i + 3] == 115 and self.body[i + 4] == 101:
                return i + 5
        return GIVE_UP

    cdef inline Py_ssize_t _usual(self, size_t i, int depth) except -1 nogil:
        """
        Past a value of DynamoDB JSON in a list or map, from its type, before which {" stands. As `_value`, and quick where it is written as
        DynamoDB does, without blanks. Does not tell where a text is.
        """
        cdef stj_value found
        cdef int kind
        if i >= self.wides:
            return self._value(i - 2, depth)
        kind = stj_usual(self.text, i, self.wides, &found)
        if kind < 0:
            return self._unusual(kind, found.start, found.end, depth)
        self.size = found.size
        return found.past

    cdef Py_ssize_t _unusual(self, int kind, size_t start, size_t plain_end, int depth) except -1 nogil:
        """Past a value that `stj_usual` did not take, of which it told `kind`, `start` and `end`. As `_value`."""
        cdef Py_ssize_t end
        if kind != TEXT_GOES_ON:
            # where `stj_usual` was asked, eight bytes can be read
            if stj_four(stj_eight(&self.text[start - 4])) == OF_STRINGS:
                end = self._set(start, SS)
                if end < 0:
                    return end
                if self.body[end] == 125:
                    self.kind = SS
                    return end + 1
        else:
            self.saved = 0
            self.marks = 0
            end = self._more_text(plain_end)
            if end < 0:
                return end
            if self.body[end + 1] == 125:
                self.size = end - <int64_t> start - self.saved
                self.kind = S
                self.value_start = start
                self.value_end = end
                return end + 2
        return self._value(start - 6, depth)  # a type stands four bytes before `start`, and {" before it

    cdef Py_ssize_t _value(self, size_t i, int depth) except -1 nogil:
        """Past a value of DynamoDB JSON, from its brace. Sets `size`, `kind`, and where a text is."""
        cdef uint64_t word
        cdef Py_ssize_t end
        cdef int kind
        cdef unsigned char c, d
        if i < self.eights and ((word := stj_eight(&self.body[i])) & TAG_MASK) == TAG:
            c = <unsigned char> (word >> 16)
            kind = S if c == 83 else N if c == 78 else B if c == 66 else M if c == 77 else L if c == 76 else -1
            if kind < 0:
                return GIVE_UP
            i += 5
            c = <unsigned char> (word >> 40)
            if c <= 32:
                end = self._past_blanks(i)
                if end < 0:
                    return end
                i = end
                c = self.body[i]
        else:
            if self.body[i] != 123:
                return GIVE_UP
            end = self._past_blanks(i + 1)
            if end < 0:
                return end
            i = end
            if self.body[i] != 34:
                return GIVE_UP
            c = self.body[i + 1]
            d = self.body[i + 2]
            if d == 34:
                kind = S if c == 83 else N if c == 78 else B if c == 66 else M if c == 77 else L if c == 76 else -1
                i += 3
            elif d == 83 and self.body[i + 3] == 34:
                kind = SS if c == 83 else NS if c == 78 else BS if c == 66 else -1
                i += 4
            elif c == 66 and d == 79 and self.body[i + 3] == 79 and self.body[i + 4] == 76 and self.body[i + 5] == 34:
                kind = BOOL
                i += 6
            elif c == 78 and d == 85 and self.body[i + 3] == 76 and self.body[i + 4] == 76 and self.body[i + 5] == 34:
                kind = NULL_
                i += 6
            else:
                return GIVE_UP
            if kind < 0:
                return GIVE_UP
            end = self._past_blanks(i)
            if end < 0:
                return end
            i = end
            if self.body[i] != 58:
                return GIVE_UP
            end = self._past_blanks(i + 1)
            if end < 0:
                return end
            i = end
            c = self.body[i]
        if kind <= B:
            if c != 34:
                return GIVE_UP
            i += 1
            if kind == S:
                end = self._text(i)
                self.size = end - <int64_t> i - self.saved
            elif kind == N:
                end = self._number(i)
            else:
                end = self._binary(i)
            self.value_start = i
            self.value_end = end
            end += 1 if end >= 0 else 0
        elif kind >= L:
            if depth >= MAX_DEPTH:
                return GIVE_UP
            end = self._map(i, depth + 1) if kind == M else self._list(i, depth + 1)
        elif kind >= SS:
            end = self._set(i, kind)
        else:
            end = self._literal(i)
            self.size = 1
        if end < 0:
            return end
        if self.body[end] != 125:
            end = self._past_blanks(end)
            if end < 0:
                return end
            if self.body[end] != 125:
                return GIVE_UP
        self.kind = kind
        return end + 1

    cdef Py_ssize_t _set(self, size_t i, int kind) except -1 nogil:
        """Past the members of a set, from their bracket. Sets `size`."""
        cdef int64_t size = 0
        cdef Py_ssize_t end
        if self.body[i] != 91:
            return GIVE_UP
        i += 1
        if self.body[i] != 34:
            end = self._past_blanks(i)
            if end < 0:
                return end
            i = end
            if self.body[i] == 93:
                self.size = 0
                return i + 1
        while True:
            if self.body[i] != 34:
                return GIVE_UP
            i += 1
            if kind == SS:
                end = self._text(i)
                self.size = end - <int64_t> i - self.saved
            elif kind == NS:
                end = self._number(i)
            else:
                end = self._binary(i)
            if end < 0:
                return end
            size += self.size
            if self.body[end + 1] == 44 and self.body[end + 2] == 34:
                i = end + 2
                continue
            if self.body[end + 1] == 93:
                self.size = size
                return end + 2
            end = self._past_blanks(end + 1)
            if end < 0:
                return end
            i = end
            if self.body[i] == 93:
                self.size = size
                return i + 1
            if self.body[i] != 44:
                return GIVE_UP
            end = self._past_blanks(i + 1)
            if end < 0:
                return end
            i = end

    cdef Py_ssize_t _list(self, size_t i, int depth) except -1 nogil:
        """Past the elements of a list, from their bracket. Sets `size`."""
        cdef int64_t size = CONTAINER_BYTES
        cdef Py_ssize_t end
        if self.body[i] != 91:
            return GIVE_UP
        end = self._past_blanks(i + 1)
        if end < 0:
            return end
        i = end
        if self.body[i] == 93:
            self.size = size
            return i + 1
        while True:
            end = self._usual(i + 2, depth) if self.body[i] == 123 and self.body[i + 1] == 34 else self._value(i, depth)
            if end < 0:
                return end
            size += 1 + self.size
            if self.body[end] == 44 and self.body[end + 1] == 123:
                i = end + 1
                continue
            end = self._past_blanks(end)
            if end < 0:
                return end
            i = end
            if self.body[i] == 93:
                self.size = size
                return i + 1
            if self.body[i] != 44:
                return GIVE_UP
            end = self._past_blanks(i + 1)
            if end < 0:
                return end
            i = end

    cdef Py_ssize_t _map(self, size_t i, int depth) except -1 nogil:
        """Past the entries of a map, from their brace. Sets `size`."""
        cdef int64_t size = CONTAINER_BYTES
        cdef Py_ssize_t first = self.name_count
        cdef Py_ssize_t end
        cdef size_t name, name_end
        cdef uint64_t hashed, bit
        cdef const uint8_t *text = self.text
        cdef size_t wides = self.wides
        cdef UsualName *usual
        cdef stj_value found
        cdef int kind
        cdef bint known  # that ":{" follows the name
        cdef uint64_t bits = 0  # of the hashes: no two are the same while each has another
        cdef bint twice = False
        if self.body[i] != 123:
            return GIVE_UP
        end = self._past_blanks(i + 1)
        if end < 0:
            return end
        i = end
        if self.body[i] == 125:
            self.size = size
            return i + 1
        if self.body[i] != 34:
            return GIVE_UP
        while True:
            # a quote is at i
            name = i + 1
            usual = &self.usual[self.context & (USUALS - 1)]
            name_end = name + usual.length
            # from before `wides`, and so from places before those, sixteen bytes can be read
            known = usual.length != 0 and name_end + TO_TYPE_BYTES < wides and usual.at < name and stj_alike(
                &text[usual.at], &text[name], usual.length + TO_TYPE_BYTES
            )
            if known:
                # maps of one kind are alike too
                hashed = usual.hashed
            else:
                end = self._text(name)
                if end < 0:
                    return end
                if self.marks & ESCAPED:
                    return GIVE_UP
                name_end = end
                hashed = self._hash(name, name_end)
                known = name_end + TO_TYPE_BYTES < wides and stj_four(stj_eight(&text[name_end])) == TO_TYPE
                if known:
                    usual.at = <uint32_t> name
                    usual.length = <uint32_t> (name_end - name)
                    usual.hashed = hashed
            self.context = (hashed >> 32) + depth
            size += 1 + <int64_t> (name_end - name)  # 1 for the entry
            self._note_name(hashed)
            bit = <uint64_t> 1 << (hashed >> 58)
            if bits & bit:
                twice = True
            bits |= bit
            if known:
                kind = stj_usual(text, name_end + TO_TYPE_BYTES, wides, &found)
                if kind >= 0:
                    end = found.past
                    size += found.size
                else:
                    end = self._unusual(kind, found.start, found.end, depth)
                    if end < 0:
                        return end
                    size += self.size
            else:
                end = self._to_value(name_end + 1)
                if end >= 0:
                    end = self._value(end, depth)
                if end < 0:
                    return end
                size += self.size
            if <size_t> end < wides and stj_two(&text[end]) == COMMA_QUOTE:
                i = end + 1
                continue
            if self.body[end] == 125:
                break
            if self.body[end] != 44:
                end = self._past_blanks(end)
                if end < 0:
                    return end
                if self.body[end] == 125:
                    break
                if self.body[end] != 44:
                    return GIVE_UP
            i = end + 1
            if self.body[i] != 34:
                end = self._past_blanks(i)
                if end < 0:
                    return end
                i = end
                if self.body[i] != 34:
                    return GIVE_UP
        self.size = size
        if twice and self._any_twice(first):
            return GIVE_UP
        self.name_count = first
        return end + 1

    cdef inline Py_ssize_t _to_value(self, size_t i) except -1 nogil:
        """From behind a name to its value."""
        cdef Py_ssize_t end
        if self.body[i] != 58:
            end = self._past_blanks(i)
            if end < 0:
                return end
            i = end
            if self.body[i] != 58:
                return GIVE_UP
        return self._past_blanks(i + 1)

    cdef inline uint64_t _hash(self, size_t i, size_t end) except? 0 nogil:
        cdef uint64_t hashed = self.seed ^ (end - i)
        cdef uint64_t word
        while i + 8 <= end and i < self.eights:
            hashed = (hashed ^ stj_eight(&self.body[i])) * SPREAD
            hashed ^= hashed >> 29
            i += 8
        if i < end:
            if i < self.eights:
                word = stj_eight(&self.body[i]) & ((<uint64_t> 1 << (8 * (end - i))) - 1)
            else:
                word = 0
                while i < end:
                    end -= 1
                    word = (word << 8) | self.body[end]
            hashed = (hashed ^ word) * SPREAD
            hashed ^= hashed >> 32
        return hashed * SPREAD

    cdef inline int _note_name(self, uint64_t hashed) except -1 nogil:
        if self.name_count >= self.names.shape[0]:
            self._more_names()
        self.names[self.name_count] = hashed
        self.name_count += 1
        return 0

    cdef int _any_twice(self, Py_ssize_t first) except -1 nogil:
        """Whether two of the names noted from `first` may be the same: they have one hash."""
        cdef Py_ssize_t count = self.name_count - first
        cdef Py_ssize_t one, other, length
        cdef uint64_t hashed, at
        cdef int probes
        if count <= 1:
            return 0
        if count <= FEW:
            for one in range(first + 1, self.name_count):
                hashed = self.names[one]
                for other in range(first, one):
                    if self.names[other] == hashed:
                        return 1
            return 0
        length = 64
        while length < 2 * count:
            length *= 2
        if self.seen.shape[0] < length:
            self._more_seen(length)
        for one in range(length):
            self.seen[one] = 0
        for one in range(first, self.name_count):
            hashed = self.names[one] | 1
            at = hashed >> 20
            probes = 0
            while self.seen[at & <uint64_t> (length - 1)] != 0:
                if self.seen[at & <uint64_t> (length - 1)] == hashed:
                    return 1
                at += 1
                probes += 1
                if probes > MAX_PROBES:
                    return 1
            self.seen[at & <uint64_t> (length - 1)] = hashed
        return 0

    cdef Py_ssize_t _item(self, size_t i) except -1 nogil:
        """Past an item, from its brace. Attributes are counted in their slots, which `_forget_read` takes back; what else is to do is recorded."""
        cdef size_t begin = i
        cdef Py_ssize_t first = self.record_count
        cdef Py_ssize_t told = self.detail_count
        cdef Py_ssize_t end, slot
        cdef size_t name, name_end, value
        cdef bint known  # that ":{" follows the name, and its value may be the usual
        cdef bint more  # to do than to count it in its slot
        cdef int64_t size = 0
        cdef int64_t length, label
        cdef Py_ssize_t previous = 0
        cdef uint64_t hashed = 0
        cdef int kind, marks
        cdef stj_value found
        cdef Py_ssize_t at
        # None of these moves while input is read
        cdef const uint8_t *text = self.text
        cdef size_t wides = self.wides
        cdef const uint8_t *labels = &self.labels[0]
        cdef uint32_t *follows = &self.follows[0]
        cdef int64_t *rows = &self.slots[0]
        cdef int64_t *row = NULL
        cdef int64_t stamp
        cdef int64_t large = self.compressed_from
        if self.body[i] != 123:
            return GIVE_UP
        self.stamp += 1
        stamp = self.stamp
        self.name_count = 0
        self.have = 0
        i += 1
        if self.body[i] != 34:
            end = self._past_blanks(i)
            if end < 0:
                return end
            i = end
        if self.body[i] == 125:
            end = i
        elif self.body[i] != 34:
            return GIVE_UP
        else:
            while True:
                # A quote is at i. `follows` has a place for each slot and for the beginning, and holds slots that were found.
                name = i + 1
                known = False
                slot = <Py_ssize_t> follows[previous] - 1
                if slot >= 0:
                    # most items have the same attributes in the same order; what is the same bytes need not be read again
                    row = &rows[SLOTS * slot]
                    label = row[LABEL]
                    name_end = name + (label & LENGTH_MASK)
                    value = name_end + TO_TYPE_BYTES
                    # from before `wides`, and beyond the last of the labels, sixteen bytes can be read
                    known = value < wides and stj_alike(&text[name], &labels[label >> LENGTH_BITS], value - name)
                    if not known and (name_end >= self.body_bytes or self.body[name_end] != 34 or not self._is_label(slot, name, name_end)):
                        slot = -1
                if not known:
                    if slot < 0:
                        end = self._text(name)
                        if end < 0:
                            return end
                        if self.marks & ESCAPED:
                            return GIVE_UP
                        name_end = end
                        if name_end - name >= 1 << LENGTH_BITS:
                            return GIVE_UP
                        hashed = self._hash(name, name_end)
                        slot = self._find(name, name_end, hashed)
                        if slot >= 0:
                            follows[previous] = <uint32_t> slot + 1
                            row = &rows[SLOTS * slot]
                    value = name_end + TO_TYPE_BYTES
                    known = value < wides and stj_four(stj_eight(&text[name_end])) == TO_TYPE
                kind = -1
                if known:
                    kind = stj_usual(text, value, wides, &found)
                    if kind >= 0:
                        end = found.past
                        marks = 0
                    else:
                        end = self._unusual(kind, found.start, found.end, 0)
                else:
                    end = self._to_value(name_end + 1)
                    if end >= 0:
                        end = self._value(end, 0)
                if kind < 0:
                    if end < 0:
                        return end
                    kind = self.kind
                    marks = self.marks
                    found.size = self.size
                    found.start = self.value_start
                    found.end = self.value_end
                length = found.size + <int64_t> (name_end - name)
                size += length
                if slot >= 0:
                    if row[STAMP] == stamp:
                        return GIVE_UP
                    row[STAMP] = stamp
                    previous = slot + 1
                    if row[STATE] == COUNTED:
                        row[PRESENT] += 1
                        row[TOTAL] += length
                        if length > row[MAX]:
                            row[MAX] = length
                        row[TYPES] |= 1 << kind
                    more = row[STATE] != COUNTED or row[INFO] != 0 or length >= large
                else:
                    previous = 0
                    self._note_name(hashed)
                    more = True
                if more and self._record(name, name_end, slot, kind, marks, length, found.start, found.end) < 0:
                    return GIVE_UP
                if <size_t> end < wides and stj_two(&text[end]) == COMMA_QUOTE:
                    i = end + 1
                    continue
                if self.body[end] == 125:
                    break
                if self.body[end] != 44:
                    end = self._past_blanks(end)
                    if end < 0:
                        return end
                    if self.body[end] == 125:
                        break
                    if self.body[end] != 44:
                        return GIVE_UP
                i = end + 1
                if self.body[i] != 34:
                    end = self._past_blanks(i)
                    if end < 0:
                        return end
                    i = end
                    if self.body[i] != 34:
                        return GIVE_UP
            if self._any_twice(0):
                return GIVE_UP
        if self.have & self.required != self.required or size >= TOO_MANY_BYTES:
            return GIVE_UP
        if self.entry_count >= MAX_RECORDS:
            return GIVE_UP
        at = ITEM * self.entry_count
        if at + ITEM > self.entries.shape[0]:
            self._more_entries()
        self.entries[at + FIRST] = <uint32_t> first
        self.entries[at + BEGIN] = <uint32_t> begin
        self.entries[at + CLOSE] = <uint32_t> end + 1
        self.entries[at + BYTES] = <uint32_t> size
        self.entries[at + TOLD] = <uint32_t> told
        self.entry_count += 1
        return end + 1

    cdef int _record(
        self, size_t name, size_t name_end, Py_ssize_t slot, int kind, int marks, int64_t size, size_t start, size_t end
    ) except -1 nogil:
        """
        Note an attribute with which there is more to do than to count it in its slot: its name is new or one of others, or it has a part in keys,
        indexes or TTL, or it is large. `slot`: -1 if it has none. `size`: name and value; `marks`, `start`, `end`: of a text or number. Gives
        GIVE_UP for a key that is none.
        """
        cdef Py_ssize_t at = RECORD * self.record_count
        # Rows of the two arrays, whose lengths are whole numbers of rows: to check where a row begins is to check all of it
        cdef uint32_t *record
        cdef uint32_t *detail
        cdef int64_t info
        cdef int key
        if self.record_count >= MAX_RECORDS:
            return GIVE_UP
        if at >= self.records.shape[0]:
            self._more_records()
        record = &self.records[at]
        record[SLOT] = NO_SLOT if slot < 0 else <uint32_t> slot
        record[SIZE] = <uint32_t> size
        record[KIND] = <uint32_t> kind | (<uint32_t> (name_end - name) << KIND_BITS)
        record[NAME] = <uint32_t> name
        self.record_count += 1
        info = self.slots[SLOTS * slot + INFO] >> KEY_SHIFT if slot >= 0 else 0
        if info == 0:
            return 0
        at = DETAIL * self.detail_count
        if at >= self.details.shape[0]:
            self._more_details()
        detail = &self.details[at]
        detail[START] = <uint32_t> start
        detail[END] = <uint32_t> end
        self.detail_count += 1
        key = info & 0xFF
        if key and self.key_kinds[key - 1] == kind:
            self.have |= <uint64_t> 1 << (key - 1)
            if not self._is_key(key - 1, start, end, marks & ESCAPED, detail):
                return GIVE_UP
        return 0

    cdef inline bint _is_key(self, int key, size_t start, size_t end, bint escaped, uint32_t *detail) except -1 nogil:
        """Whether the value just read is one for a key attribute. Notes what is told of it, while its bytes are at hand."""
        cdef int kind = self.key_kinds[key]
        cdef int shape
        if kind == B:
            detail[SHAPE] = 0
            return self._is_base64(start, end)
        if kind == S and escaped:
            detail[SHAPE] = ASK | ESCAPED_BIT
            return True
        shape = self._plain_shape(start, end)
        detail[SHAPE] = <uint32_t> (shape if shape >= 0 else self._shape_of(start, end - start))
        if kind == S and (self.hashed >> key) & 1:
            detail[CHECKSUM] = self._crc_of_input(start, end)
        return True

    cdef bint _is_base64(self, size_t start, size_t end) except -1 nogil:
        """Whether it is what every decoder takes."""
        cdef size_t at
        if (end - start) % 4:
            return False
        if end > start and self.body[end - 1] == 61:
            end -= 1
            if self.body[end - 1] == 61:
                end -= 1
        for at in range(start, end):
            if BASE64[self.body[at]] > 63:
                return False
        return True

    cdef Py_ssize_t _page(self) except -1 nogil:
        """Read a whole answer: its items strictly; of the rest, where it is."""
        cdef Py_ssize_t end = self._past_blanks(0)
        cdef size_t i
        cdef bint found = False
        if end < 0:
            return end
        if self.body[end] != 123:
            return GIVE_UP
        end = self._past_blanks(end + 1)
        if end < 0:
            return end
        i = end
        while True:
            if self.body[i] != 34:
                return GIVE_UP
            end = self._text(i + 1)
            if end < 0:
                return end
            if self.marks & ESCAPED:
                return GIVE_UP
            i += 1
            if end - <Py_ssize_t> i == 5 and self.body[i] == 73 and self.body[i + 1] == 116 and self.body[i + 2] == 101 and self.body[i + 3] == 109 and self.body[i + 4] == 115:
                if found:
                    return GIVE_UP
                found = True
                end = self._to_value(end + 1)
                if end < 0:
                    return end
                self.items_start = end
                end = self._items(end)
                self.items_end = end
            else:
                end = self._to_value(end + 1)
                if end < 0:
                    return end
                end = self._skipped(end)
            if end < 0:
                return end
            end = self._past_blanks(end)
            if end < 0:
                return end
            if self.body[end] == 125:
                return end if found else GIVE_UP
            if self.body[end] != 44:
                return GIVE_UP
            end = self._past_blanks(end + 1)
            if end < 0:
                return end
            i = end

    cdef Py_ssize_t _skipped(self, size_t i) except -1 nogil:
        """Past any value, on trust: what is not JSON in it is found when the answer is read without its items."""
        cdef Py_ssize_t end
        cdef int64_t depth = 0
        cdef unsigned char c
        while True:
            c = self.body[i]
            if c == 34:
                end = self._text(i + 1)
                if end < 0:
                    return end
                i = end + 1
            elif c == 123 or c == 91:
                depth += 1
                i += 1
            elif c == 125 or c == 93:
                if depth == 0:
                    return GIVE_UP
                depth -= 1
                i += 1
            elif depth == 0:
                while not (c == 44 or c == 125 or c == 93 or c <= 32):
                    i += 1
                    c = self.body[i]
            else:
                i += 1
            if depth == 0:
                return i

    cdef Py_ssize_t _items(self, size_t i) except -1 nogil:
        """Past the items, from their bracket."""
        cdef Py_ssize_t end
        if self.body[i] != 91:
            return GIVE_UP
        end = self._past_blanks(i + 1)
        if end < 0:
            return end
        i = end
        if self.body[i] == 93:
            return i + 1
        while True:
            end = self._item(i)
            if end < 0:
                return end
            if self.body[end] == 44 and self.body[end + 1] == 123:
                i = end + 1
                continue
            end = self._past_blanks(end)
            if end < 0:
                return end
            i = end
            if self.body[i] == 93:
                return i + 1
            if self.body[i] != 44:
                return GIVE_UP
            end = self._past_blanks(i + 1)
            if end < 0:
                return end
            i = end

    cdef Py_ssize_t _some_lines(self, size_t *at, Py_ssize_t *lines, bint wrapped, size_t until) except -1 nogil:
        """Read lines that begin before `until`, until there are enough for one batch. `at` and `lines` are those up to the last whole line."""
        cdef size_t i = at[0]
        cdef Py_ssize_t end
        cdef unsigned char c
        while i < until and self.record_count < BATCH_RECORDS and self.entry_count < BATCH_RECORDS:
            c = self.body[i]
            while (c == 32 or c == 9) and i + 1 < self.body_bytes:
                i += 1
                c = self.body[i]
            if c == 123:
                if wrapped:
                    end = self._wrapped(i)
                else:
                    end = self._item(i)
                if end < 0:
                    return end
                i = end
                while i < self.body_bytes and (self.body[i] == 32 or self.body[i] == 9):
                    i += 1
                c = self.body[i] if i < self.body_bytes else 10
            elif c == 32 or c == 9:
                i += 1
                c = 10
            if c == 13:
                i += 1
                if i < self.body_bytes and self.body[i] == 10:
                    i += 1
            elif c == 10:
                i += 1
            else:
                return GIVE_UP
            if i > self.body_bytes:
                i = self.body_bytes
            at[0] = i
            lines[0] += 1
        return 0

    cdef Py_ssize_t _wrapped(self, size_t i) except -1 nogil:
        """Past {"Item": item}."""
        cdef Py_ssize_t end
        if i < self.eights and stj_eight(&self.body[i]) == WRAPPED and self.body[i + 8] == 123:
            end = self._item(i + 8)
            if end < 0 or self.body[end] == 125:
                return end + 1 if end >= 0 else end
            end = self._past_blanks(end)
            if end < 0:
                return end
            return end + 1 if self.body[end] == 125 else GIVE_UP
        end = self._past_blanks(i + 1)
        if end < 0:
            return end
        i = end
        if not (self.body[i] == 34 and self.body[i + 1] == 73 and self.body[i + 2] == 116 and self.body[i + 3] == 101 and self.body[i + 4] == 109 and self.body[i + 5] == 34):
            return GIVE_UP
        end = self._to_value(i + 6)
        if end < 0:
            return end
        end = self._item(end)
        if end < 0:
            return end
        end = self._past_blanks(end)
        if end < 0:
            return end
        return end + 1 if self.body[end] == 125 else GIVE_UP

    cdef size_t _line_end(self, size_t i) except? 0:
        while i < self.body_bytes:
            if self.body[i] == 10:
                return i + 1
            if self.body[i] == 13:
                return i + 2 if i + 1 < self.body_bytes and self.body[i + 1] == 10 else i + 1
            i += 1
        return i

    # ------------------------------------------------------------------------------------------------------- attributes

    cdef inline Py_ssize_t _find(self, size_t name, size_t end, uint64_t hashed) except -1 nogil:
        """The slot of a name, or GIVE_UP."""
        cdef uint64_t at = hashed >> 32
        cdef uint64_t entry
        cdef Py_ssize_t slot
        while True:
            entry = self.by_hash[at & self.hash_mask]
            if entry == 0:
                return GIVE_UP
            if entry >> 32 == hashed >> 32:
                slot = <Py_ssize_t> <uint32_t> entry - 1
                if self._is_label(slot, name, end):
                    return slot
            at += 1

    cdef inline bint _is_label(self, Py_ssize_t slot, size_t name, size_t end) except -1 nogil:
        cdef int64_t label = self.slots[SLOTS * slot + LABEL]
        cdef size_t at = label >> LENGTH_BITS
        cdef size_t length = label & LENGTH_MASK
        cdef uint64_t different
        if length != end - name:
            return False
        while length >= 8 and name < self.eights and at + 8 <= <size_t> self.labels.shape[0]:
            if stj_eight(&self.body[name]) != stj_eight(&self.labels[at]):
                return False
            name += 8
            at += 8
            length -= 8
        if length and length < 8 and name < self.eights and at + 8 <= <size_t> self.labels.shape[0]:
            different = stj_eight(&self.body[name]) ^ stj_eight(&self.labels[at])
            return different << (64 - 8 * length) == 0
        while length:
            if self.body[name] != self.labels[at]:
                return False
            name += 1
            at += 1
            length -= 1
        return True

    cdef bytes _label(self, Py_ssize_t slot):
        cdef int64_t label = self.slots[SLOTS * slot + LABEL]
        cdef Py_ssize_t at = label >> LENGTH_BITS
        return bytes(self.labels[at : at + (label & LENGTH_MASK)])

    cdef Py_ssize_t _new_slot(self, bytes name, int64_t info, int64_t state) except -1:
        cdef const unsigned char[::1] body = self.body
        cdef size_t body_bytes = self.body_bytes
        cdef size_t eights = self.eights
        cdef size_t sixteens = self.sixteens
        cdef uint64_t hashed, at
        cdef Py_ssize_t slot = self.slot_count
        cdef Py_ssize_t place
        label = name + b'":{"'
        if self.label_bytes + len(label) + 16 > self.labels.shape[0]:  # of which `stj_alike` may read all
            self.labels = _longer(self.labels, _bytes, self.label_bytes + len(label) + 16)
        for place in range(len(label)):
            self.labels[self.label_bytes + place] = <unsigned char> label[place]
        # the hash is one of the input: for a moment, the name is it
        self.body = name
        self.body_bytes = len(name)
        self.eights = self.body_bytes - 7 if self.body_bytes > 7 else 0
        self.sixteens = self.body_bytes - 15 if self.body_bytes > 15 else 0
        try:
            hashed = self._hash(0, self.body_bytes)
        finally:
            self.body = body
            self.body_bytes = body_bytes
            self.eights = eights
            self.sixteens = sixteens
        at = hashed >> 32
        while self.by_hash[at & self.hash_mask]:
            at += 1
        self.by_hash[at & self.hash_mask] = (hashed >> 32 << 32) | <uint64_t> (slot + 1)
        for place in range(SLOTS):
            self.slots[SLOTS * slot + place] = 0
        self.slots[SLOTS * slot + STATE] = state
        self.slots[SLOTS * slot + INFO] = info
        self.slots[SLOTS * slot + LABEL] = (<int64_t> self.label_bytes << LENGTH_BITS) | <int64_t> len(name)
        self.label_bytes += len(label)
        self.slot_count += 1
        return slot

    cdef int _pack_slots(self) except -1:
        """Make room: names that were pushed out are forgotten. They are still refused, because the last rank only falls."""
        cdef Py_ssize_t slot, at, new
        kept = []
        for slot in range(self.slot_count):
            if self.slots[SLOTS * slot + STATE] == COUNTED or self.slots[SLOTS * slot + INFO]:
                kept.append((self._label(slot), [self.slots[SLOTS * slot + at] for at in range(LABEL)]))
        self.by_hash[:] = 0
        self.follows[:] = 0
        self.slot_count = 0
        self.label_bytes = 0
        for name, numbers in kept:
            new = self._new_slot(name, numbers[INFO], numbers[STATE])
            for at in range(LABEL):
                self.slots[SLOTS * new + at] = numbers[at]
            if numbers[STATE] == COUNTED:
                self.slot_by_name[name.decode("utf-8", "surrogatepass")] = new
        return 0

    cdef int _admit(self, Py_ssize_t slot, bytes name) except -1:
        """Decide of a new name whether it is counted one by one, as `_Attributes` does; `slot`: -1 if it has none. True if it is."""
        cdef Py_ssize_t last
        text = name.decode("utf-8", "surrogatepass")
        rank = (text not in self.first_names, len(text), text)
        if text == self.other_name or (self.full and rank > self.ranks[len(self.ranks) - 1]):
            if slot >= 0:
                self.slots[SLOTS * slot + STATE] = OTHER
            return 0
        if self.full:
            _, _, pushed_out = self.ranks.pop()
            last = self.slot_by_name.pop(pushed_out)
            self._add_to_others(
                self.slots[SLOTS * last + PRESENT], self.slots[SLOTS * last + TOTAL], self.slots[SLOTS * last + MAX], self.slots[SLOTS * last + TYPES]
            )
            self.slots[SLOTS * last + STATE] = OTHER
        insort(self.ranks, rank)
        if slot < 0:
            if self.slot_count == self.slot_limit:
                self._pack_slots()
            slot = self._new_slot(name, 0, COUNTED)
        self.slots[SLOTS * slot + STATE] = COUNTED
        self.slot_by_name[text] = slot
        self.full = len(self.ranks) == self.max_attributes
        if self.full:
            later, self.last_length, text = self.ranks[len(self.ranks) - 1]
            self.last_is_first = not later
            self.last_name = bytearray(text.encode("utf-8", "surrogatepass"))
        return 1

    cdef inline int _add_to_others(self, int64_t present, int64_t total, int64_t largest, int64_t types) except -1 nogil:
        self.other_present += present
        self.other_total += total
        self.other_max = max(self.other_max, largest)
        self.other_types |= types
        return 0

    cdef bint _is_beyond(self, size_t name, size_t length) except -1 nogil:
        """Whether a name that is no key attribute's ranks after the last of those that are counted one by one."""
        cdef Py_ssize_t characters = 0
        cdef size_t at
        cdef unsigned char mine, last
        if not self.full:
            return False
        if self.last_is_first:
            return True
        for at in range(name, name + length):
            characters += self.body[at] & 0xC0 != 0x80
        if characters != self.last_length:
            return characters > self.last_length
        for at in range(length):
            if at >= <size_t> self.last_name.shape[0]:
                return True
            mine = self.body[name + at]
            last = self.last_name[at]
            if mine != last:
                return mine > last
        return False

    # --------------------------------------------------------------------------------------------------------- counting

    cdef int _count_all(self) except -1:
        cdef Py_ssize_t at
        cdef int status
        self.uncounted = False
        if not self.entry_count:
            return 0
        self.last_rank = min(self.owner.last_rank(), 0xFFFFFFFFFFFFFFFF)
        with nogil:
            for at in range(self.entry_count):
                self._count(at)
        ranked = []
        for at in range(self.todo_count):
            if self.todo[TODO * at] == TO_COMPRESS:
                ranked.append((self.todo[TODO * at + 2] * self.rank_factor + self.rank_summand, self.todo[TODO * at + 1]))
            else:
                self._do(self.todo[TODO * at], self.todo[TODO * at + 1], self.todo[TODO * at + 2])
        ranked.sort()  # those that are kept come first, and spare the others
        for rank, item in ranked:
            if rank > self.owner.last_rank():
                break
            self.owner.compress(rank, self._item_bytes(item), self._large_of(item))
        return 0

    def _large_of(self, Py_ssize_t item):
        """The sizes of an item's attributes, by name, whose values are large and of a type that is compressed; of a key too. All of them were recorded."""
        cdef Py_ssize_t record, at, name
        cdef Py_ssize_t end = self.entries[ITEM * (item + 1) + FIRST] if item + 1 < self.entry_count else self.record_count
        found = {}
        for record in range(self.entries[ITEM * item + FIRST], end):
            at = RECORD * record
            if self._is_large(self.records[at + SIZE], self.records[at + KIND]):
                name = self.records[at + NAME]
                found[bytes(self.body[name : name + (self.records[at + KIND] >> KIND_BITS)]).decode()] = self.records[at + SIZE]
        return found

    cdef inline bint _is_large(self, int64_t size, uint32_t tag) noexcept nogil:
        """Whether a value is one to compress, by the size of it and its name, and what a record has as KIND."""
        cdef uint32_t kind = tag & KIND_MASK
        return size - <int64_t> (tag >> KIND_BITS) >= self.compressed_from and (kind == S or kind == B or kind >= L)

    cdef inline int _leave(self, uint32_t what, uint32_t which, uint32_t more) except -1 nogil:
        cdef Py_ssize_t at = TODO * self.todo_count
        if at + TODO > self.todo.shape[0]:
            self._more_todo()
        self.todo[at] = what
        self.todo[at + 1] = which
        self.todo[at + 2] = more
        self.todo_count += 1
        return 0

    cdef int _count(self, Py_ssize_t item) except -1 nogil:
        """Count one item that was read."""
        cdef Py_ssize_t first = self.entries[ITEM * item + FIRST]
        cdef int64_t size = self.entries[ITEM * item + BYTES]
        cdef Py_ssize_t end = self.entries[ITEM * (item + 1) + FIRST] if item + 1 < self.entry_count else self.record_count
        cdef Py_ssize_t record
        cdef Py_ssize_t detail = self.entries[ITEM * item + TOLD]
        # Rows of the two arrays, whose lengths are whole numbers of rows: to check where a row begins is to check all of it
        cdef uint32_t *row
        cdef int64_t *slot
        cdef uint32_t tag, kind
        cdef int64_t info, bytes_
        cdef uint64_t have = 0
        cdef int key, index, shape
        cdef bint dated = False
        cdef bint large = False
        cdef uint32_t checksum = 0
        self.items += 1
        self.item_bytes += size
        if size >= HISTOGRAM:
            self._leave(TO_SIZE, <uint32_t> size, 0)
        else:
            if size >= self.histogram.shape[0]:
                self._more_histogram(min(HISTOGRAM, size + 1))
            self.histogram[size] += 1
        for index in range(self.index_count):
            self.index_size[index] = size if self.index_all[index] else 0
        for record in range(first, end):
            row = &self.records[RECORD * record]
            tag = row[KIND]
            kind = tag & KIND_MASK
            bytes_ = row[SIZE]
            info = 0
            if row[SLOT] == NO_SLOT:
                if self._is_beyond(row[NAME], tag >> KIND_BITS):
                    self._add_to_others(1, bytes_, bytes_, 1 << kind)
                else:
                    self._leave(TO_NAME, <uint32_t> record, 0)
            else:
                slot = &self.slots[SLOTS * <Py_ssize_t> row[SLOT]]
                info = slot[INFO]
                if slot[STATE] == OTHER:
                    self._add_to_others(1, bytes_, bytes_, 1 << kind)
                elif slot[STATE] == NEW:  # others were counted when they were read
                    self._leave(TO_NAME, <uint32_t> record, 0)
            key = 0
            if info:
                if info & self.projecting:
                    for index in range(self.index_count):
                        if (info >> index) & 1:
                            self.index_size[index] += bytes_
                if info >> KEY_SHIFT:
                    key = (info >> KEY_SHIFT) & 0xFF
                    if key and self.key_kinds[key - 1] == <int> kind:
                        have |= <uint64_t> 1 << (key - 1)
                        self.key_details[key - 1] = <uint32_t> detail
                    if (info >> TTL_BIT) & 1:
                        dated = True
                        self._expire(detail, kind)
                    detail += 1
            if bytes_ >= self.compressed_from and not key and self._is_large(bytes_, tag):
                large = True
        if self.expiring and not dated:
            self.expiries[MISSING] += 1
        self.keys_ready = 0
        self.scratch_bytes = 0
        if self.keyed:
            checksum = self._count_key(0)
        for index in range(self.index_count):
            if have & self.index_required[index] == self.index_required[index]:
                self.index_entries[index] += 1
                self.index_total[index] += self.index_size[index]
                if self.index_size[index] > self.index_max[index]:
                    self.index_max[index] = self.index_size[index]
                self._count_key(index + 1)
        for key in range(self.key_count):
            if (have >> key) & 1:
                shape = self.details[DETAIL * <Py_ssize_t> self.key_details[key] + SHAPE] & SHAPE_MASK
                if shape == ASK:
                    self._leave(TO_SHAPE, <uint32_t> key, self.key_details[key])
                else:
                    self.shapes[SHAPES * key + shape] += 1
        if large and self.keyed and size >= self.compressed_from:
            if self.parts[self.sort_row]:
                self._join(self.sort_row)
                checksum = self._crc(self.joined_at, self.joined_at + self.joined_length, checksum)
            if checksum * self.rank_factor + self.rank_summand <= self.last_rank:
                self._leave(TO_COMPRESS, <uint32_t> item, checksum)
        if self.largest_count < self.largest_limit or size >= self.largest_size[self.largest_limit - 1]:
            if self.keyed:
                self._take(size, self._item_hash())
            else:
                self._leave(TO_HASH, <uint32_t> item, 0)
        return 0

    cdef int _expire(self, Py_ssize_t detail, uint32_t kind) except -1 nogil:
        """Count what TTL makes of a value."""
        cdef size_t start = self.details[DETAIL * detail + START]
        cdef size_t end = self.details[DETAIL * detail + END]
        cdef int64_t seconds = 0
        cdef double past
        cdef size_t at
        if kind != N:
            self.expiries[NOT_NUMBERS] += 1
            return 0
        if end - start > 15:
            self._leave(TO_EXPIRE, <uint32_t> detail, 0)
            return 0
        for at in range(start, end):
            if not 48 <= self.body[at] <= 57:
                self._leave(TO_EXPIRE, <uint32_t> detail, 0)
                return 0
            seconds = 10 * seconds + (self.body[at] - 48)
        past = self.now - <double> seconds
        if past < 0:
            self.expiries[MILLISECONDS if seconds > self.milliseconds_from else LATER] += 1
        elif seconds <= 0 or past > self.oldest:
            self.expiries[IGNORED] += 1
        else:
            self.expiries[OVERDUE if past > self.overdue else DUE] += 1
        return 0

    cdef int _take(self, int64_t size, uint64_t hashed) except -1 nogil:
        """Put an item among the largest, in order, if it is one."""
        cdef int at = self.largest_count
        if at == self.largest_limit:
            at -= 1
            if size < self.largest_size[at] or (size == self.largest_size[at] and hashed >= self.largest_hash[at]):
                return 0
        else:
            self.largest_count += 1
        while at > 0 and (size > self.largest_size[at - 1] or (size == self.largest_size[at - 1] and hashed < self.largest_hash[at - 1])):
            self.largest_size[at] = self.largest_size[at - 1]
            self.largest_hash[at] = self.largest_hash[at - 1]
            at -= 1
        self.largest_size[at] = size
        self.largest_hash[at] = hashed
        return 0

    cdef int _do(self, uint32_t what, uint32_t which, uint32_t more) except -1:
        """What the bulk left for Python."""
        cdef Py_ssize_t at = RECORD * <Py_ssize_t> which
        cdef Py_ssize_t slot
        cdef size_t name
        cdef int64_t size
        if what == TO_NAME:
            name = self.records[at + NAME]
            self._count_new(name, name + (self.records[at + KIND] >> KIND_BITS), self.records[at + SIZE], self.records[at + KIND] & KIND_MASK)
        elif what == TO_SHAPE:
            at = DETAIL * <Py_ssize_t> more
            self.keys_ready = 0
            self.scratch_bytes = 0
            self.key_details[which] = more
            if self.key_kinds[which] == N:
                text = bytes(self.body[self.details[at + START] : self.details[at + END]])
            else:
                self._ready(which)
                text = bytes(self.scratch[self.key_at[which] : self.key_at[which] + self.key_length[which]])
            self.shapes[SHAPES * <Py_ssize_t> which + <int> self.owner.shape_of(text)] += 1
        elif what == TO_EXPIRE:
            at = DETAIL * <Py_ssize_t> which
            kind = EXPIRY_NAMES.index(self.owner.expiry_of(bytes(self.body[self.details[at + START] : self.details[at + END]])))
            self.expiries[<int> kind] += 1
        elif what == TO_SIZE:
            self.beyond[which] = self.beyond.get(which, 0) + 1
        else:
            size = self.entries[ITEM * <Py_ssize_t> which + BYTES]
            if self.largest_count < self.largest_limit or size >= self.largest_size[self.largest_limit - 1]:
                self._take(size, self.owner.item_hash(self._item_bytes(which)))
        return 0

    cdef bytes _item_bytes(self, Py_ssize_t item):
        return bytes(self.body[self.entries[ITEM * item + BEGIN] : self.entries[ITEM * item + CLOSE]])

    cdef int _count_new(self, size_t name, size_t end, int64_t size, uint32_t kind) except -1:
        cdef Py_ssize_t slot = self._find(name, end, self._hash(name, end))
        cdef Py_ssize_t at
        if slot < 0 or self.slots[SLOTS * slot + STATE] == NEW:
            if (slot < 0 and self._is_beyond(name, end - name)) or not self._admit(slot, bytes(self.body[name:end])):
                return self._add_to_others(1, size, size, 1 << kind)
            slot = self._find(name, end, self._hash(name, end))
        elif self.slots[SLOTS * slot + STATE] == OTHER:
            return self._add_to_others(1, size, size, 1 << kind)
        at = SLOTS * slot
        self.slots[at + PRESENT] += 1
        self.slots[at + TOTAL] += size
        self.slots[at + MAX] = max(self.slots[at + MAX], size)
        self.slots[at + TYPES] |= 1 << kind
        return 0

    # ------------------------------------------------------------------------------------------------------------- keys

    cdef int _room(self, Py_ssize_t needed) except -1 nogil:
        """Room for more bytes of keys, and for a few beyond them."""
        if self.scratch_bytes + needed + 32 > self.scratch.shape[0]:
            self._more_scratch(self.scratch_bytes + needed + 32)
        return 0

    cdef inline int _put(self, uint8_t byte) except -1 nogil:
        self.scratch[self.scratch_bytes] = byte
        self.scratch_bytes += 1
        return 0

    cdef int _put_number(self, int64_t number) except -1 nogil:
        """In decimal digits."""
        cdef uint8_t[24] digits
        cdef int count = 0
        self._room(24)
        if number < 0:
            self._put(45)
            number = -number
        while True:
            digits[count] = 48 + number % 10
            count += 1
            number //= 10
            if number == 0:
                break
        while count:
            count -= 1
            self._put(digits[count])
        return 0

    cdef int _ready(self, int key) except -1 nogil:
        """The bytes of one key attribute of the item at hand, as `_key_bytes` gives them, into the scratch."""
        cdef Py_ssize_t detail = DETAIL * <Py_ssize_t> self.key_details[key]
        cdef size_t start = self.details[detail + START]
        cdef size_t end = self.details[detail + END]
        if (self.keys_ready >> key) & 1:
            return 0
        self.keys_ready |= <uint64_t> 1 << key
        self._room(end - start)
        self.key_at[key] = <uint32_t> self.scratch_bytes
        if self.key_kinds[key] == S:
            if self.details[detail + SHAPE] & ESCAPED_BIT:
                self._put_text(start, end)
            else:
                self._put_plain(start, end)
        elif self.key_kinds[key] == N:
            self._put_parts(start)
        else:
            self._put_binary(start, end)
        self.key_length[key] = <uint32_t> (self.scratch_bytes - self.key_at[key])
        return 0

    cdef int _put_plain(self, size_t start, size_t end) except -1 nogil:
        """A stretch of the input, into the scratch, which has room for it."""
        cdef size_t length = end - start
        if end <= start:
            return 0
        if end > self.body_bytes or self.scratch_bytes + length > <size_t> self.scratch.shape[0]:
            return self._put_text(start, end)  # which finds out where
        memcpy(&self.scratch[self.scratch_bytes], &self.body[start], length)
        self.scratch_bytes += length
        return 0

    cdef int _put_text(self, size_t i, size_t end) except -1 nogil:
        """What stands between two quotes, into the scratch, which has room for it and 8 bytes more."""
        cdef size_t at = self.scratch_bytes
        cdef uint64_t slashes
        cdef unsigned char c
        while i < end:
            while i < self.eights and at + 8 <= <size_t> self.scratch.shape[0]:
                slashes = stj_eight(&self.body[i]) ^ BACKSLASHES
                if (slashes - ONES) & ~slashes & HIGHS:
                    break
                stj_put_eight(&self.scratch[at], &self.body[i])
                if end - i <= 8:
                    self.scratch_bytes = at + (end - i)
                    return 0
                i += 8
                at += 8
            c = self.body[i]
            i += 1
            if c != 92:
                self.scratch[at] = c
                at += 1
                continue
            self.scratch_bytes = at
            i = self._put_escape(i)
            at = self.scratch_bytes
        self.scratch_bytes = at
        return 0

    cdef size_t _put_escape(self, size_t i) except? 0 nogil:
        """The character of an escape, into the scratch. From behind the backslash to the end of it."""
        cdef unsigned char c = self.body[i]
        cdef int code
        i += 1
        if c == 117:
            code = self._four_digits(i)
            i += 4
            if 0xD800 <= code < 0xDC00:
                code = 0x10000 + ((code - 0xD800) << 10) + (self._four_digits(i + 2) - 0xDC00)
                i += 6
            if code < 0x80:
                self._put(<uint8_t> code)
            elif code < 0x800:
                self._put(<uint8_t> (0xC0 | (code >> 6)))
                self._put(<uint8_t> (0x80 | (code & 0x3F)))
            else:
                if code < 0x10000:
                    self._put(<uint8_t> (0xE0 | (code >> 12)))
                else:
                    self._put(<uint8_t> (0xF0 | (code >> 18)))
                    self._put(<uint8_t> (0x80 | ((code >> 12) & 0x3F)))
                self._put(<uint8_t> (0x80 | ((code >> 6) & 0x3F)))
                self._put(<uint8_t> (0x80 | (code & 0x3F)))
        else:
            self._put(10 if c == 110 else 9 if c == 116 else 13 if c == 114 else 8 if c == 98 else 12 if c == 102 else c)
        return i

    cdef int _put_parts(self, size_t start) except -1 nogil:
        """repr(number_parts(...))"""
        cdef int64_t digit = 0
        cdef size_t i = start
        cdef unsigned char c
        self._number(start)
        self._put(40)
        if self.negative:
            self._put(84)
            self._put(114)
            self._put(117)
        else:
            self._put(70)
            self._put(97)
            self._put(108)
            self._put(115)
        self._put(101)
        self._put(44)
        self._put(32)
        self._put(39)
        if self.first_digit >= 0:
            while digit <= self.last_digit:
                c = self.body[i]
                i += 1
                if 48 <= c <= 57:
                    if digit >= self.first_digit:
                        self._put(c)
                    digit += 1
        self._put(39)
        self._put(44)
        self._put(32)
        self._put_number(self.power)
        self._put(41)
        return 0

    cdef int _put_binary(self, size_t i, size_t end) except -1 nogil:
        cdef uint32_t bits = 0
        cdef int count = 0
        while i < end and self.body[i] != 61:
            bits = (bits << 6) | BASE64[self.body[i]]
            count += 1
            i += 1
            if count == 4:
                self._put(<uint8_t> (bits >> 16))
                self._put(<uint8_t> ((bits >> 8) & 0xFF))
                self._put(<uint8_t> (bits & 0xFF))
                bits = 0
                count = 0
        if count == 3:
            self._put(<uint8_t> ((bits >> 10) & 0xFF))
            self._put(<uint8_t> ((bits >> 2) & 0xFF))
        elif count == 2:
            self._put(<uint8_t> ((bits >> 4) & 0xFF))
        return 0

    cdef int _join(self, Py_ssize_t row) except -1 nogil:
        """The bytes of a key, of one attribute or several, in the scratch from `joined_at`."""
        cdef Py_ssize_t count = self.parts[row]
        cdef Py_ssize_t at, place
        cdef int key
        if count == 1:
            key = self.parts[row + 1]
            self._ready(key)
            self.joined_at = self.key_at[key]
            self.joined_length = self.key_length[key]
            return 0
        for at in range(row + 1, row + 1 + count):
            self._ready(self.parts[at])
        self.joined_at = <uint32_t> self.scratch_bytes
        for at in range(row + 1, row + 1 + count):
            key = self.parts[at]
            self._put_number(self.key_length[key])
            self._room(self.key_length[key] + 1)
            self._put(58)
            for place in range(self.key_at[key], <Py_ssize_t> self.key_at[key] + self.key_length[key]):
                self._put(self.scratch[place])
        self.joined_length = <uint32_t> (self.scratch_bytes - self.joined_at)
        return 0

    cdef uint32_t _count_key(self, int of) except? 0 nogil:
        """Count the partition key of the item at hand: of the table (0) or an index (from 1). Gives its checksum."""
        cdef Py_ssize_t row = ROW * of
        cdef Py_ssize_t at, recent, place
        cdef size_t start, length
        cdef uint32_t checksum
        cdef bint known = False
        self.key_items[of] += 1
        if self.parts[row] == 1 and self.key_kinds[self.parts[row + 1]] == S:  # as `hashed` has them
            at = DETAIL * <Py_ssize_t> self.key_details[self.parts[row + 1]]
            known = not self.details[at + SHAPE] & ESCAPED_BIT
        if known:
            checksum = self.details[at + CHECKSUM]
        else:
            self._join(row)
            checksum = self._crc(self.joined_at, self.joined_at + self.joined_length, 0)
        self.bucket_items[of * self.buckets + checksum % <uint32_t> self.buckets] += 1
        if self.distinct[of] < 0:
            return checksum
        recent = -1
        if known:
            start = self.details[at + START]
            length = self.details[at + END] - start
            if length <= RECENT_BYTES:
                recent = RECENT * (RECENTS * of + <Py_ssize_t> (checksum % RECENTS))
                if (
                    self.recent[recent + 3]
                    and self.recent[recent + 2] == checksum
                    and self.recent[recent + 1] == length
                    and self._is_same(start, self.recent[recent], length)
                ):
                    place = of * self.distinct_limit + self.recent[recent + 3] - 1
                    self.digest_items[place] += 1
                    return checksum
            self._join(row)
        self._blake(self.value_state, self.value_empty, self.joined_at, self.joined_length)
        place = self._count_digest(of)
        if recent >= 0 and place > 0:
            self.recent[recent] = <uint32_t> start
            self.recent[recent + 1] = <uint32_t> length
            self.recent[recent + 2] = checksum
            self.recent[recent + 3] = <uint32_t> place
        return checksum

    cdef bint _is_same(self, size_t one, size_t other, size_t length) except -1 nogil:
        """Whether two stretches of the input are the same bytes."""
        cdef size_t at
        for at in range(length):
            if self.body[one + at] != self.body[other + at]:
                return False
        return True

    cdef Py_ssize_t _count_digest(self, int of) except -1 nogil:
        """Gives its place among the digests, from 1; 0: there are too many."""
        cdef uint32_t at = <uint32_t> self.digest_low
        cdef Py_ssize_t table = of * (<Py_ssize_t> self.digest_mask + 1)
        cdef Py_ssize_t place
        cdef uint32_t entry
        while True:
            entry = self.digest_table[table + (at & self.digest_mask)]
            if entry == 0:
                break
            place = of * self.distinct_limit + entry - 1
            if self.digests[2 * place] == self.digest_low and self.digests[2 * place + 1] == self.digest_high:
                self.digest_items[place] += 1
                return entry
            at += 1
        if self.distinct[of] == self.distinct_limit:
            self.distinct[of] = -1
            return 0
        place = of * self.distinct_limit + self.distinct[of]
        self.distinct[of] += 1
        self.digest_table[table + (at & self.digest_mask)] = <uint32_t> self.distinct[of]
        self.digests[2 * place] = self.digest_low
        self.digests[2 * place + 1] = self.digest_high
        self.digest_items[place] = 1
        return self.distinct[of]

    cdef uint32_t _crc(self, size_t at, size_t end, uint32_t start) except? 0 nogil:
        """zlib.crc32 of bytes of the scratch."""
        cdef uint32_t crc = ~start
        while at + 8 <= end and end <= <size_t> self.scratch.shape[0]:
            crc = _crc_eight(stj_eight(&self.scratch[at]) ^ crc)
            at += 8
        while at < end:
            crc = (crc >> 8) ^ CRC[0][(crc ^ self.scratch[at]) & 0xFF]
            at += 1
        return ~crc

    cdef uint32_t _crc_of_input(self, size_t at, size_t end) except? 0 nogil:
        """zlib.crc32 of bytes of the input."""
        cdef uint32_t crc = 0xFFFFFFFF
        while at + 8 <= end and at < self.eights:
            crc = _crc_eight(stj_eight(&self.body[at]) ^ crc)
            at += 8
        while at < end:
            crc = (crc >> 8) ^ CRC[0][(crc ^ self.body[at]) & 0xFF]
            at += 1
        return ~crc

    cdef int _blake(self, uint64_t *begun, uint64_t *empty, size_t at, size_t length) except -1 nogil:
        """The keyed hash of bytes of the scratch, into `digest_low` and `digest_high`."""
        cdef uint64_t[8] state
        cdef uint8_t[128] block
        cdef uint64_t counted = 128
        cdef size_t k, part
        for k in range(8):
            state[k] = begun[k]
        if length == 0:
            # a key and nothing else is one block, and the last
            self.digest_low, self.digest_high = empty[0], empty[1]
            return 0
        while True:
            part = length if length < 128 else 128
            self.scratch[at + part - 1]  # to check where it ends is to check all of it
            memset(block, 0, 128)
            memcpy(block, &self.scratch[at], part)
            counted += part
            at += part
            length -= part
            _blake_block(state, block, counted, length == 0)
            if length == 0:
                break
        self.digest_low, self.digest_high = state[0], state[1]
        return 0

    cdef uint64_t _item_hash(self) except? 0 nogil:
        """The hash of the key of the item at hand, as a number: its first byte is the highest."""
        cdef uint64_t hashed = 0
        cdef int at
        self._join(self.key_row)
        self._blake(self.item_state, self.item_empty, self.joined_at, self.joined_length)
        for at in range(8):
            hashed = (hashed << 8) | ((self.digest_low >> (8 * at)) & 0xFF)
        return hashed

    # ----------------------------------------------------------------------------------------------------------- shapes

    cdef int _shape_of(self, size_t at, size_t length) except -1 nogil:
        """What `shape_of` tells of a text or number as it stands in the input, where `_plain_shape` does not know; ASK where that is left to it."""
        cdef size_t end = at + length
        cdef size_t i, part
        cdef uint8_t c
        cdef uint8_t every = 255
        cdef uint8_t some = 0
        cdef int parts = 0
        cdef int shape, more
        cdef const uint8_t *text
        if length == 0:
            return 0
        if end >= self.body_bytes:
            return ASK
        text = &self.body[at]
        for i in range(length):
            c = CLASS[text[i]]
            every &= c
            some |= c
        if some & ODD:
            return ASK
        if length >= 6:
            c = self.body[at + 1]
            if (self.body[at] == 49 and 50 <= c <= 57) or (self.body[at] == 50 and 48 <= c <= 50):
                shape = self._time(at, end, every & DIGIT)
                if shape:
                    return shape
        if every & ALPHANUMERIC:
            return 0
        if not some & TELLING:
            return PHONE if self._is_phone(at, end) else 0
        if not some & JOINING or not self._is_joined(at, end):
            return self._personal(at, end, some, every)
        for i in range(length):
            if text[i] == 58:
                shape = self._personal(at, end, some, every)
                if shape == ASK or shape == ADDRESS:
                    return ASK
                break
        shape = 0
        part = i = 0
        every = 255
        some = 0
        while True:
            c = CLASS[text[i]] if i < length else JOINING
            if c & JOINING and (i >= length or text[i] != 58 or (i + 1 < length and text[i + 1] == 58)):
                if i > part:
                    parts += 1
                    if not every & ALPHANUMERIC:
                        more = self._personal(at + part, at + i, some, every)
                        if more == ASK:
                            return ASK
                        shape |= more
                    every = 255
                    some = 0
                if i >= length:
                    break
                i += 2 if text[i] == 58 else 1
                part = i
            else:
                every &= c
                some |= c
                i += 1
        return shape | JOINED if parts > 1 else shape

    cdef inline int _plain_shape(self, size_t at, size_t end) except -1 nogil:
        """Of letters, digits, # and | that begin as no time does; GIVE_UP of others."""
        cdef unsigned alphanumeric, joining, counted
        cdef unsigned before = 0  # whether a letter or digit stands before
        cdef int parts = 0
        cdef bint joined = False
        if self.body[at] == 49 or self.body[at] == 50:
            return GIVE_UP
        while at < end:
            if at >= self.sixteens or not stj_classes(&self.body[at], &alphanumeric, &joining):
                return GIVE_UP
            counted = 0xFFFF if end - at >= 16 else (1 << (end - at)) - 1
            if (alphanumeric | joining) & counted != counted:
                return GIVE_UP
            alphanumeric &= counted
            if joining & counted:
                joined = True
            counted = alphanumeric & ~((alphanumeric << 1) | before)  # where parts begin
            if counted:
                parts += 2 if counted & (counted - 1) else 1
            before = alphanumeric >> 15
            at += 16
        return JOINED if joined and parts > 1 else 0

    cdef bint _is_joined(self, size_t at, size_t end) except -1 nogil:
        """Whether a separator is in it, and it is no ARN."""
        cdef size_t i
        cdef uint8_t c
        if end - at >= 4 and self.body[at] == 97 and self.body[at + 1] == 114 and self.body[at + 2] == 110 and self.body[at + 3] == 58:
            return False
        for i in range(at, end):
            c = self.body[i]
            if c == 35 or c == 124 or (c == 58 and i + 1 < end and self.body[i + 1] == 58):
                return True
        return False

    cdef int _personal(self, size_t at, size_t end, uint8_t some, uint8_t every) except -1 nogil:
        """`some` and `every`: the classes that one of its characters has, and that all have."""
        if some & AT:
            return EMAIL if self._is_email(at, end) else 0
        if (every & OF_PHONE or self.body[at] == 43) and self._is_phone(at, end):
            return PHONE
        return ASK if every & OF_ADDRESS and end - at >= 6 else 0

    cdef bint _is_email(self, size_t at, size_t end) except -1 nogil:
        """A text with @, by the expression in shapes.py: [^@\\s]+@[^@\\s.]+(?:\\.[^@\\s.]+)*\\.[^@\\s.]{2,}"""
        cdef size_t i
        cdef size_t label = 0
        cdef bint domain = False
        cdef int labels = 0
        cdef uint8_t c
        for i in range(at, end):
            c = self.body[i]
            if c == 32:
                return False
            if c == 64:
                if domain or i == at:
                    return False
                domain = True
                label = i + 1
            elif c == 46 and domain:
                if i == label:
                    return False
                labels += 1
                label = i + 1
        return labels > 0 and end - label >= 2

    cdef bint _is_phone(self, size_t at, size_t end) except -1 nogil:
        """By the expression in shapes.py: + and digits with what people write between them, or a number of North America."""
        cdef size_t i = at
        cdef int digits = 0
        cdef uint8_t c
        if i >= end:
            return False
        if self.body[i] == 43:
            for i in range(at + 1, end):
                c = self.body[i]
                if not CLASS[c] & OF_PHONE:
                    return False
                digits += CLASS[c] & DIGIT
            return 7 <= digits <= 15 and CLASS[self.body[end - 1]] & DIGIT
        if not 12 <= end - at <= 16:
            return False
        if self.body[i] == 49 and self._is_gap(i + 1):
            i += 2
        if self.body[i] == 40:
            if not (end - i >= 6 and self._are_digits(i + 1, 3) and self.body[i + 4] == 41):
                return False
            i += 5
            if self.body[i] == 32:
                i += 1
        elif self._are_digits(i, 3) and self._is_gap(i + 3):
            i += 4
        else:
            return False
        return end - i == 8 and self._are_digits(i, 3) and self._is_gap(i + 3) and self._are_digits(i + 4, 4)

    cdef bint _is_gap(self, size_t i) except -1 nogil:
        return self.body[i] == 32 or self.body[i] == 46 or self.body[i] == 45

    cdef bint _are_digits(self, size_t i, int count) except -1 nogil:
        cdef size_t at
        for at in range(i, i + count):
            if not CLASS[self.body[at]] & DIGIT:
                return False
        return True

    cdef int _two(self, size_t i, size_t end) except -2 nogil:
        """The number of two digits, -1 if they are none."""
        if i + 2 > end or not CLASS[self.body[i]] & CLASS[self.body[i + 1]] & DIGIT:
            return -1
        return 10 * (self.body[i] - 48) + (self.body[i + 1] - 48)

    cdef int _time(self, size_t at, size_t end, bint decimal) except -1 nogil:
        cdef size_t length = end - at
        cdef int64_t seconds = 0
        cdef size_t i
        cdef bint rounded = True
        cdef int shape
        if not (decimal and length != 8):
            shape = self._date(at, end)
            if shape:
                return shape
            if length < 12 or self.body[at + 10] != 46:
                return 0
        elif length != 10 and length != 13:
            return 0
        for i in range(at, at + 10):
            if not CLASS[self.body[i]] & DIGIT:
                return 0
            seconds = 10 * seconds + (self.body[i] - 48)
        for i in range(at + 10 if decimal else at + 11, end):
            if not CLASS[self.body[i]] & DIGIT:
                return 0
            rounded &= self.body[i] == 48
        if seconds < FIRST_EPOCH_SECONDS or seconds >= END_EPOCH_SECONDS:
            return 0
        return TIME | ROUNDED if rounded and seconds % 60 == 0 else TIME

    cdef int _date(self, size_t i, size_t end) except -1 nogil:
        """By the expression of dates in shapes.py."""
        cdef int number
        cdef bint rounded = True
        cdef size_t digits
        if end - i < 6 or self.body[i] != 50 or self.body[i + 1] != 48 or not 49 <= self.body[i + 2] <= 51 or not CLASS[self.body[i + 3]] & DIGIT:
            return 0
        i += 4
        i += self.body[i] == 45
        number = self._two(i, end)
        if not 1 <= number <= 12:
            return 0
        i += 2
        if i == end:
            return TIME | ROUNDED
        i += self.body[i] == 45
        number = self._two(i, end)
        if not 1 <= number <= 31:
            return 0
        i += 2
        if i == end:
            return TIME | ROUNDED
        if self.body[i] != 84 and self.body[i] != 116 and self.body[i] != 32:
            return 0
        if self._two(i + 1, end) < 0:
            return 0
        i += 3
        if i < end and (self.body[i] == 58 or CLASS[self.body[i]] & DIGIT):
            i += self.body[i] == 58
            if self._two(i, end) < 0:
                return 0
            i += 2
            if i < end and (self.body[i] == 58 or CLASS[self.body[i]] & DIGIT):
                i += self.body[i] == 58
                number = self._two(i, end)
                if not 0 <= number <= 59:
                    return 0
                rounded = number == 0
                i += 2
                if i < end and (self.body[i] == 46 or self.body[i] == 44):
                    i += 1
                    digits = 0
                    while i < end and CLASS[self.body[i]] & DIGIT:
                        rounded &= self.body[i] == 48
                        digits += 1
                        i += 1
                    if not 1 <= digits <= 9:
                        return 0
        if i < end:
            if self.body[i] == 90 or self.body[i] == 122:
                i += 1
            elif self.body[i] == 43 or self.body[i] == 45:
                if self._two(i + 1, end) < 0:
                    return 0
                i += 3
                if i < end:
                    i += self.body[i] == 58
                if self._two(i, end) < 0:
                    return 0
                i += 2
        if i != end:
            return 0
        return TIME | ROUNDED if rounded else TIME


def _type_names(types):
    return tuple(sorted(name for at, name in enumerate(TYPE_NAMES) if types >> at & 1))
