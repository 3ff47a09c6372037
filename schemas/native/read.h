/* From bytes to values. */

typedef struct {
    const unsigned char *at, *end;
} Input;

static int read_long(Input *in, int64_t *value) {
    uint64_t number = 0;
    int shift = 0;
    for (;;) {
        if (in->at >= in->end) return refuse();
        unsigned char byte = *in->at++;
        if (shift == 63 && byte > 1) return refuse();
        number |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) {
            if (!byte && shift) return refuse(); /* not in the shortest form */
            break;
        }
        shift += 7;
        if (shift > 63) return refuse();
    }
    *value = (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
    return 0;
}

static int read_size(Input *in, Py_ssize_t *size) {
    int64_t value;
    if (read_long(in, &value) < 0) return -1;
    if (value < 0 || value > in->end - in->at) return refuse();
    *size = (Py_ssize_t)value;
    return 0;
}

static PyObject *read_node(Codec *codec, Py_ssize_t index, Input *in);

static PyObject *read_array(Codec *codec, Node *node, Input *in) {
    PyObject *list = PyList_New(0);
    if (!list) return NULL;
    for (;;) {
        int64_t count, size;
        const unsigned char *end = NULL;
        if (read_long(in, &count) < 0) goto failed;
        if (!count) return list;
        if (count < 0) {
            if (count == INT64_MIN || read_long(in, &size) < 0 || size < 0 || size > in->end - in->at) goto refused;
            count = -count;
            end = in->at + size;
        }
        if (count > (in->end - in->at) / node->width) goto refused;
        while (count--) {
            PyObject *item = read_node(codec, node->child, in);
            if (!item) goto failed;
            int bad = PyList_Append(list, item);
            Py_DECREF(item);
            if (bad < 0) goto failed;
        }
        if (end && in->at != end) goto refused;
    }
refused:
    if (!PyErr_Occurred()) refuse();
failed:
    Py_DECREF(list);
    return NULL;
}

static PyObject *read_record(Codec *codec, Node *node, Input *in) {
    PyObject *record = PyDict_Copy(node->empty);
    if (!record) return NULL;
    for (Py_ssize_t i = 0; i < node->count; i++) {
        Field *field = &node->fields[i];
        PyObject *value = read_node(codec, field->node, in);
        if (!value) goto failed;
        int bad = field->rule == F_DROPPED || value == Py_None ? 0 : PyDict_SetItem(record, field->name, value);
        Py_DECREF(value);
        if (bad < 0) goto failed;
    }
    if (node->added != Py_None) {
        PyObject *name, *kind;
        Py_ssize_t at = 0;
        while (PyDict_Next(node->added, &at, &name, &kind)) {
            PyObject *value = PyList_CheckExact(kind) ? PyList_New(0) : PyDict_New();
            int bad = value ? PyDict_SetItem(record, name, value) : -1;
            Py_XDECREF(value);
            if (bad < 0) goto failed;
        }
    }
    return record;
failed:
    Py_DECREF(record);
    return NULL;
}

static PyObject *read_node(Codec *codec, Py_ssize_t index, Input *in) {
    Node *node = &codec->nodes[index];
    int64_t value;
    Py_ssize_t size;
    const unsigned char *start;
    switch (node->kind) {
    case K_NULL:
        Py_RETURN_NONE;
    case K_BOOLEAN:
        if (in->at >= in->end || *in->at > 1) { refuse(); return NULL; }
        return PyBool_FromLong(*in->at++);
    case K_INT:
    case K_LONG:
        if (read_long(in, &value) < 0) return NULL;
        if (node->kind == K_INT && (value < INT32_MIN || value > INT32_MAX)) { refuse(); return NULL; }
        return PyLong_FromLongLong(value);
    case K_FLOAT:
    case K_DOUBLE:
        size = node->kind == K_FLOAT ? 4 : 8;
        if (in->end - in->at < size) { refuse(); return NULL; }
        start = in->at;
        in->at += size;
        double number = size == 4 ? PyFloat_Unpack4((const char *)start, 1) : PyFloat_Unpack8((const char *)start, 1);
        return number == -1.0 && PyErr_Occurred() ? NULL : PyFloat_FromDouble(number);
    case K_BYTES:
    case K_STRING:
        if (read_size(in, &size) < 0) return NULL;
        start = in->at;
        in->at += size;
        if (node->kind == K_BYTES) return PyBytes_FromStringAndSize((const char *)start, size);
        return PyUnicode_DecodeUTF8((const char *)start, size, NULL);
    case K_ENUM:
        if (read_long(in, &value) < 0) return NULL;
        if (value < 0 || value >= PyTuple_GET_SIZE(node->symbols)) { refuse(); return NULL; }
        PyObject *symbol = PyTuple_GET_ITEM(node->symbols, value);
        if (symbol == Py_None) { refuse(); return NULL; }
        return Py_NewRef(symbol);
    }
    if (Py_EnterRecursiveCall(" while reading Avro")) return NULL;
    PyObject *found = NULL;
    switch (node->kind) {
    case K_ARRAY:
        found = read_array(codec, node, in);
        break;
    case K_RECORD:
        found = read_record(codec, node, in);
        break;
    case K_OPTIONAL:
        if (in->at >= in->end) refuse();
        else if (*in->at == 2 * node->null_index) { in->at++; found = Py_NewRef(Py_None); }
        else if (*in->at == 2 * (1 - node->null_index)) { in->at++; found = read_node(codec, node->child, in); }
        else refuse();
        break;
    default: /* K_UNION */
        if (read_long(in, &value) < 0) break;
        if (value < 0 || value >= node->count) refuse();
        else found = read_node(codec, node->branches[value], in);
    }
    Py_LeaveRecursiveCall();
    return found;
}

static PyObject *codec_decode(Codec *codec, PyObject *const *args, Py_ssize_t count) {
    Py_ssize_t offset = 0;
    if (count < 1 || count > 2 || !PyBytes_CheckExact(args[0])) { refuse(); return NULL; }
    if (count == 2 && (offset = PyLong_AsSsize_t(args[1])) == -1 && PyErr_Occurred()) return NULL;
    const unsigned char *data = (const unsigned char *)PyBytes_AS_STRING(args[0]);
    Py_ssize_t size = PyBytes_GET_SIZE(args[0]);
    if (offset < 0 || offset > size) { refuse(); return NULL; }
    Input in = {data + offset, data + size};
    PyObject *value = read_node(codec, 0, &in);
    if (value && in.at != in.end) {
        Py_DECREF(value);
        refuse();
        return NULL;
    }
    return value;
}
