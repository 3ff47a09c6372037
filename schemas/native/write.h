/* From values to bytes. */

typedef struct {
    char *data;
    Py_ssize_t size, room;
    char small[2048];
} Output;

static int make_room(Output *out, Py_ssize_t more) {
    if (more > PY_SSIZE_T_MAX / 2 - out->size) { PyErr_NoMemory(); return -1; }
    Py_ssize_t room = out->size + more + out->room;
    char *data = out->data == out->small ? PyMem_Malloc(room) : PyMem_Realloc(out->data, room);
    if (!data) { PyErr_NoMemory(); return -1; }
    if (out->data == out->small) memcpy(data, out->small, out->size);
    out->data = data;
    out->room = room;
    return 0;
}

static inline int put(Output *out, const char *data, Py_ssize_t size) {
    if (out->room - out->size < size && make_room(out, size) < 0) return -1;
    memcpy(out->data + out->size, data, size);
    out->size += size;
    return 0;
}

static int put_long(Output *out, int64_t value) {
    uint64_t number = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
    char bytes[10];
    int size = 0;
    while (number > 127) {
        bytes[size++] = (char)(number | 128);
        number >>= 7;
    }
    bytes[size++] = (char)number;
    return put(out, bytes, size);
}

static int put_sized(Output *out, const char *data, Py_ssize_t size) {
    return put_long(out, size) < 0 ? -1 : put(out, data, size);
}

static int write_node(Codec *codec, Py_ssize_t index, PyObject *value, Output *out);

static int write_record(Codec *codec, Node *node, PyObject *record, Output *out) {
    if (!PyDict_CheckExact(record)) return refuse();
    for (Py_ssize_t i = 0; i < node->count; i++) {
        Field *field = &node->fields[i];
        PyObject *value = field->rule == F_ALWAYS_NULL ? Py_None : PyDict_GetItemWithError(record, field->name);
        if (!value && PyErr_Occurred()) return -1;
        if (!value && !(value = field->missing)) return refuse();
        if (write_node(codec, field->node, value, out) < 0) return -1;
    }
    return 0;
}

static int write_array(Codec *codec, Node *node, PyObject *list, Output *out) {
    if (!PyList_CheckExact(list)) return refuse();
    Py_ssize_t count = PyList_GET_SIZE(list);
    if (count && put_long(out, count) < 0) return -1;
    for (Py_ssize_t i = 0; i < count; i++)
        if (write_node(codec, node->child, PyList_GET_ITEM(list, i), out) < 0) return -1;
    return put(out, "", 1);
}

static int write_indexed(Node *node, PyObject *name, Output *out, Py_ssize_t *index) {
    PyObject *found = PyDict_GetItemWithError(node->indexes, name);
    if (!found) return PyErr_Occurred() ? -1 : refuse();
    *index = PyLong_AsSsize_t(found);
    return put_long(out, *index);
}

static int write_node(Codec *codec, Py_ssize_t index, PyObject *value, Output *out) {
    Node *node = &codec->nodes[index];
    const char *text;
    Py_ssize_t size;
    char bytes[8];
    switch (node->kind) {
    case K_NULL:
        return value == Py_None ? 0 : refuse();
    case K_BOOLEAN:
        if (value != Py_True && value != Py_False) return refuse();
        return put(out, value == Py_True ? "\1" : "\0", 1);
    case K_INT:
    case K_LONG: {
        int overflow;
        if (!PyLong_Check(value)) return refuse();
        int64_t number = PyLong_AsLongLongAndOverflow(value, &overflow);
        if (overflow || (node->kind == K_INT && (number < INT32_MIN || number > INT32_MAX))) return refuse();
        return put_long(out, number);
    }
    case K_FLOAT:
    case K_DOUBLE:
        if (!PyFloat_Check(value) && !PyLong_Check(value)) return refuse();
        size = node->kind == K_FLOAT ? 4 : 8;
        double number = PyFloat_AsDouble(value);
        if (number == -1.0 && PyErr_Occurred()) return -1;
        if ((size == 4 ? PyFloat_Pack4(number, bytes, 1) : PyFloat_Pack8(number, bytes, 1)) < 0) return -1;
        return put(out, bytes, size);
    case K_BYTES:
        return PyBytes_CheckExact(value) ? put_sized(out, PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value)) : refuse();
    case K_STRING:
        if (!PyUnicode_Check(value)) return refuse();
        text = PyUnicode_AsUTF8AndSize(value, &size);
        return text ? put_sized(out, text, size) : -1;
    case K_ENUM:
        if (!PyUnicode_CheckExact(value)) return refuse();
        return write_indexed(node, value, out, &size);
    }
    if (Py_EnterRecursiveCall(" while writing Avro")) return -1;
    int bad = -1;
    switch (node->kind) {
    case K_ARRAY:
        bad = write_array(codec, node, value, out);
        break;
    case K_RECORD:
        bad = write_record(codec, node, value, out);
        break;
    case K_OPTIONAL:
        if (value == Py_None) bad = put_long(out, node->null_index);
        else if (put_long(out, 1 - node->null_index) == 0) bad = write_node(codec, node->child, value, out);
        break;
    default: /* K_UNION: by the type of the value, where that alone decides */
        if (write_indexed(node, (PyObject *)Py_TYPE(value), out, &size) == 0)
            bad = write_node(codec, node->branches[size], value, out);
    }
    Py_LeaveRecursiveCall();
    return bad;
}

static PyObject *codec_encode(Codec *codec, PyObject *value) {
    Output out;
    out.data = out.small;
    out.size = 0;
    out.room = sizeof(out.small);
    PyObject *written = NULL;
    if (write_node(codec, 0, value, &out) == 0) written = PyBytes_FromStringAndSize(out.data, out.size);
    if (out.data != out.small) PyMem_Free(out.data);
    return written;
}
