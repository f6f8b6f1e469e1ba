/* The netlist engine's inner loops. A net's values in a block of vectors are BLOCK words; a gate is
   evaluated for the whole block at once, so that reading what it is costs next to nothing, and the
   values of all live nets stay in the cache. (Of 32, 64, 128 and 256 words 128 was the fastest; C
   written for one netlist runs 2.5 times as fast, and must be compiled for every one.) Operations are numbered as in gates.py. */

#include <stdint.h>
#include <string.h>

typedef uint64_t word;
enum { BLOCK = 128 };

int64_t block_words(void) { return BLOCK; }

#define EACH(expression)                  \
    for (int64_t k = 0; k < n; k++)       \
        y[k] = (expression);              \
    break

static inline void gate_of(int op, const word *restrict a, const word *restrict b,
                           const word *restrict s, word *restrict y, int64_t n) {
    switch (op) {
    case 0: EACH(a[k]);
    case 1: EACH(~a[k]);
    case 2: EACH(a[k] & b[k]);
    case 3: EACH(a[k] | b[k]);
    case 4: EACH(a[k] ^ b[k]);
    case 5: EACH(~(a[k] & b[k]));
    case 6: EACH(~(a[k] | b[k]));
    case 7: EACH(~(a[k] ^ b[k]));
    case 8: EACH(a[k] & ~b[k]);
    case 9: EACH(a[k] | ~b[k]);
    default: EACH((s[k] & b[k]) | (~s[k] & a[k]));
    }
}

static inline void gate(int op, const word *restrict a, const word *restrict b,
                        const word *restrict s, word *restrict y) {
    gate_of(op, a, b, s, y, BLOCK);
}

/* All gates for one block; `values` has BLOCK words for each place. */
static void gates_of_block(const uint8_t *op, const int32_t *operands, const int32_t *driven,
                           int64_t gates, word *values) {
    for (int64_t g = 0; g < gates; g++) {
        const int32_t *from = operands + 3 * g;
        gate(op[g], values + (int64_t)from[0] * BLOCK, values + (int64_t)from[1] * BLOCK,
             values + (int64_t)from[2] * BLOCK, values + (int64_t)driven[g] * BLOCK);
    }
}

/* Rows of `stride` words into places of the block that begins at word `at`, and back. */
static void load(const word *rows, int64_t stride, int64_t at, int64_t words, const int32_t *places,
                 int64_t count, word *values) {
    int64_t here = words - at < BLOCK ? words - at : BLOCK;
    for (int64_t i = 0; i < count; i++)
        memcpy(values + (int64_t)places[i] * BLOCK, rows + i * stride + at, here * sizeof(word));
}

static void store(word *rows, int64_t stride, int64_t at, int64_t words, const int32_t *places,
                  int64_t count, const word *values) {
    int64_t here = words - at < BLOCK ? words - at : BLOCK;
    for (int64_t i = 0; i < count; i++)
        memcpy(rows + i * stride + at, values + (int64_t)places[i] * BLOCK, here * sizeof(word));
}

static void constants(word *values) {
    memset(values, 0, BLOCK * sizeof(word));
    memset(values + BLOCK, 0xff, BLOCK * sizeof(word));
}

/* Inputs to outputs, all vectors. `values` is scratch space. */
void evaluate(const uint8_t *op, const int32_t *operands, const int32_t *driven, int64_t gates,
              const int32_t *input_places, int64_t inputs, const int32_t *output_places,
              int64_t outputs, const word *input_rows, word *output_rows, int64_t words,
              word *values) {
    constants(values);
    for (int64_t at = 0; at < words; at += BLOCK) {
        load(input_rows, words, at, words, input_places, inputs, values);
        gates_of_block(op, operands, driven, gates, values);
        store(output_rows, words, at, words, output_places, outputs, values);
    }
}

/* One fault in one block: what it changes is followed through the gates that read it, in their
   order, until nothing differs any more. Sound values are in `good`, changed ones in `bad`. */
typedef struct {
    const uint8_t *op;
    const int32_t *operands, *driven;
    int64_t gates;
    const int64_t *first_reader; /* of each net, in `readers` */
    const int32_t *readers;
    const uint8_t *observed; /* whether a net is compared */
    word *good, *bad, *spare;
    uint8_t *changed;  /* of each net */
    word *waiting;     /* a bit for each gate */
    int32_t *touched;  /* nets that changed */
    int64_t touches;
} circuit;

static const word *value(const circuit *c, int32_t net) {
    return (c->changed[net] ? c->bad : c->good) + (int64_t)net * BLOCK;
}

/* A gate has its new value in `bad`: if it differs, its readers wait. */
static void spread(circuit *c, int64_t g) {
    int32_t net = c->driven[g];
    word any = 0;
    for (int k = 0; k < BLOCK; k++)
        any |= c->bad[(int64_t)net * BLOCK + k] ^ c->good[(int64_t)net * BLOCK + k];
    if (!any)
        return;
    c->changed[net] = 1;
    c->touched[c->touches++] = net;
    for (int64_t r = c->first_reader[net]; r < c->first_reader[net + 1]; r++)
        c->waiting[c->readers[r] >> 6] |= (word)1 << (c->readers[r] & 63);
}

/* The vectors of the block at which an observed net differs, into `seen`. */
static void inject(circuit *c, int64_t g, int pin, int kind, word *seen) {
    const int32_t *from = c->operands + 3 * g;
    const word *in[3];
    for (int p = 0; p < 3; p++)
        in[p] = c->good + (int64_t)from[p] * BLOCK;
    word *y = c->bad + (int64_t)c->driven[g] * BLOCK;
    word *spoilt = pin < 0 ? y : c->spare;
    const word *sound = pin < 0 ? c->good + (int64_t)c->driven[g] * BLOCK : in[pin];
    for (int k = 0; k < BLOCK; k++)
        spoilt[k] = kind == 0 ? 0 : kind == 1 ? ~(word)0 : ~sound[k];
    if (pin >= 0) {
        in[pin] = spoilt;
        gate(c->op[g], in[0], in[1], in[2], y);
    }
    c->touches = 0;
    spread(c, g);
    for (int64_t w = g >> 6; c->touches && w < (c->gates + 63) >> 6; w++)
        while (c->waiting[w]) {
            int64_t next = 64 * w + __builtin_ctzll(c->waiting[w]);
            c->waiting[w] &= c->waiting[w] - 1;
            const int32_t *read = c->operands + 3 * next;
            gate(c->op[next], value(c, read[0]), value(c, read[1]), value(c, read[2]),
                 c->bad + (int64_t)c->driven[next] * BLOCK);
            spread(c, next);
        }
    memset(seen, 0, BLOCK * sizeof(word));
    for (int64_t t = 0; t < c->touches; t++) {
        int64_t net = c->touched[t];
        c->changed[net] = 0;
        if (c->observed[net])
            for (int k = 0; k < BLOCK; k++)
                seen[k] |= c->bad[net * BLOCK + k] ^ c->good[net * BLOCK + k];
    }
}

/* For every fault the first vector of `mask` at which an observed net differs, -1 if none; and,
   where `seen_rows` is not null, all of them, a row of words for each fault. Without it a fault
   that was seen in one block is not tried in the next. Places are nets here. */
void inject_all(const uint8_t *op, const int32_t *operands, const int32_t *driven, int64_t gates,
                const int32_t *input_nets, int64_t inputs, const int64_t *first_reader,
                const int32_t *readers, const uint8_t *observed, const int32_t *fault_gate,
                const int32_t *fault_pin, const int32_t *fault_kind, int64_t faults,
                const word *input_rows, const word *mask, int64_t words, int64_t *first,
                word *seen_rows, word *good, word *bad, uint8_t *changed, word *waiting,
                int32_t *touched) {
    word spare[BLOCK], seen[BLOCK];
    circuit c = {op,  operands, driven, gates,   first_reader, readers, observed,
                 good, bad,     spare,  changed, waiting,      touched, 0};
    for (int64_t f = 0; f < faults; f++)
        first[f] = -1;
    constants(good);
    for (int64_t at = 0; at < words; at += BLOCK) {
        int64_t here = words - at < BLOCK ? words - at : BLOCK;
        load(input_rows, words, at, words, input_nets, inputs, good);
        gates_of_block(op, operands, driven, gates, good);
        for (int64_t f = 0; f < faults; f++) {
            if (first[f] >= 0 && !seen_rows)
                continue;
            inject(&c, fault_gate[f], fault_pin[f], fault_kind[f], seen);
            for (int64_t k = 0; k < here; k++) {
                word found = seen[k] & mask[at + k];
                if (found && first[f] < 0)
                    first[f] = 64 * (at + k) + __builtin_ctzll(found);
                if (seen_rows)
                    seen_rows[f * words + at + k] = found;
            }
        }
    }
}

/* Many machines through one trace of clock cycles: every bit of the words is a machine, with one
   fault of its own, or none. All get the same inputs; where an output that is watched is not what
   it should be, the machine is seen. Faults come in the order of their gates. `values` (of all
   nets) keeps the registers from one call to the next; `first` is the row that saw each machine,
   or -1. */
void run_machines(const uint8_t *op, const int32_t *operands, const int32_t *driven, int64_t gates,
                  const int32_t *input_nets, int64_t inputs, const int32_t *output_nets,
                  int64_t outputs, const int32_t *next_state, const int32_t *state,
                  int64_t registers, const int64_t *first_fault, const int32_t *fault_pin,
                  const int32_t *fault_kind, const int32_t *fault_machine,
                  const uint8_t *input_rows, const uint8_t *output_rows,
                  const uint8_t *watched_rows, int64_t rows, int64_t words, word *values,
                  word *next, word *seen, int64_t *first) {
    memset(values, 0, words * sizeof(word));
    memset(values + words, 0xff, words * sizeof(word));
    for (int64_t row = 0; row < rows; row++) {
        for (int64_t i = 0; i < inputs; i++)
            memset(values + input_nets[i] * words, -input_rows[row * inputs + i],
                   words * sizeof(word));
        for (int64_t g = 0; g < gates; g++) {
            const int32_t *from = operands + 3 * g;
            word *y = values + driven[g] * words;
            gate_of(op[g], values + from[0] * words, values + from[1] * words,
                    values + from[2] * words, y, words);
            for (int64_t f = first_fault[g]; f < first_fault[g + 1]; f++) {
                int64_t w = fault_machine[f] >> 6;
                word bit = (word)1 << (fault_machine[f] & 63), in[3], out;
                for (int p = 0; p < 3; p++)
                    in[p] = values[from[p] * words + w];
                word *spoilt = fault_pin[f] < 0 ? &out : in + fault_pin[f];
                out = y[w];
                *spoilt = fault_kind[f] == 0 ? 0 : fault_kind[f] == 1 ? ~(word)0 : ~*spoilt;
                if (fault_pin[f] >= 0)
                    gate_of(op[g], in, in + 1, in + 2, &out, 1);
                y[w] = (y[w] & ~bit) | (out & bit);
            }
        }
        memset(seen, 0, words * sizeof(word));
        for (int64_t o = 0; o < outputs; o++) {
            if (!watched_rows[row * outputs + o])
                continue;
            word want = -(word)output_rows[row * outputs + o];
            const word *got = values + output_nets[o] * words;
            for (int64_t k = 0; k < words; k++)
                seen[k] |= got[k] ^ want;
        }
        for (int64_t k = 0; k < words; k++)
            for (word left = seen[k]; left; left &= left - 1) {
                int64_t machine = 64 * k + __builtin_ctzll(left);
                if (first[machine] < 0)
                    first[machine] = row;
            }
        for (int64_t r = 0; r < registers; r++)
            memcpy(next + r * words, values + next_state[r] * words, words * sizeof(word));
        for (int64_t r = 0; r < registers; r++)
            memcpy(values + state[r] * words, next + r * words, words * sizeof(word));
    }
}
