/* Avro by a table of nodes: what codec_encode and codec_decode generate in Python, compiled.
 *
 * A program is a tuple of nodes (see codec_program.py), the root first; nodes name each other by index, so a record may
 * hold itself. Whatever is not plainly right raises: the caller then looks slowly, in Python, for what is wrong and
 * where. Nothing here calls back into Python while it reads or writes, so no value can change meanwhile.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

enum { K_NULL, K_BOOLEAN, K_INT, K_LONG, K_FLOAT, K_DOUBLE, K_BYTES, K_STRING, K_ENUM, K_ARRAY, K_OPTIONAL, K_UNION, K_RECORD };
/* What a field of a record is besides its node. */
enum { F_WRITTEN, F_ALWAYS_NULL, F_DROPPED };

typedef struct {
    PyObject *name;      /* owned */
    Py_ssize_t node;
    int rule;
    PyObject *missing;   /* what is written where a record lacks the field; NULL: nothing can be; owned */
} Field;

typedef struct {
    int kind;
    Py_ssize_t child;    /* of an array, of an optional */
    Py_ssize_t width;    /* of an array: bytes that its shortest item takes */
    int null_index;      /* of an optional */
    PyObject *symbols;   /* of an enum: a tuple, None for what the reader does not know; owned */
    PyObject *indexes;   /* of an enum: symbol -> index; of a union: type -> index; owned */
    Py_ssize_t count;    /* fields of a record, branches of a union */
    Field *fields;
    Py_ssize_t *branches;
    PyObject *empty;     /* of a record: what is read, all None, with what the reader adds; owned */
    PyObject *added;     /* of a record: name -> [] or {}, to be made anew for each; owned */
} Node;

typedef struct {
    PyObject_HEAD
    Py_ssize_t count;
    Node *nodes;
} Codec;

static int refuse(void) {
    PyErr_SetString(PyExc_ValueError, "not plainly right");
    return -1;
}
