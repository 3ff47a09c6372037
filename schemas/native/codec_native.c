/* The type schemas.codec_native.Codec: a program, and its two methods. */
#include "program.h"

#include "read.h"
#include "write.h"

static int fill_record(Node *node, PyObject *fields, Py_ssize_t nodes) {
    node->count = PyTuple_GET_SIZE(fields);
    node->fields = PyMem_Calloc(node->count ? node->count : 1, sizeof(Field));
    if (!node->fields) { PyErr_NoMemory(); return -1; }
    for (Py_ssize_t i = 0; i < node->count; i++) {
        Field *field = &node->fields[i];
        PyObject *name, *missing;
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(fields, i), "UniO!", &name, &field->node, &field->rule, &PyTuple_Type, &missing))
            return -1;
        if (field->node < 0 || field->node >= nodes) return refuse();
        if (PyTuple_GET_SIZE(missing)) field->missing = Py_NewRef(PyTuple_GET_ITEM(missing, 0));
        Py_INCREF(name);
        PyUnicode_InternInPlace(&name);
        field->name = name;
    }
    return 0;
}

static int fill(Node *node, PyObject *spec, Py_ssize_t nodes) {
    PyObject *branches, *fields;
    if (!PyArg_ParseTuple(spec, "inniO!O!O!O!O!O", &node->kind, &node->child, &node->width, &node->null_index,
                          &PyTuple_Type, &node->symbols, &PyDict_Type, &node->indexes, &PyTuple_Type, &branches,
                          &PyTuple_Type, &fields, &PyDict_Type, &node->empty, &node->added)) {
        node->symbols = node->indexes = node->empty = node->added = NULL;
        return -1;
    }
    Py_INCREF(node->symbols);
    Py_INCREF(node->indexes);
    Py_INCREF(node->empty);
    Py_INCREF(node->added);
    if (node->kind < K_NULL || node->kind > K_RECORD || node->child < 0 || node->child >= nodes || node->width < 1)
        return refuse();
    if (node->kind == K_RECORD) return fill_record(node, fields, nodes);
    node->count = PyTuple_GET_SIZE(branches);
    node->branches = PyMem_Calloc(node->count ? node->count : 1, sizeof(Py_ssize_t));
    if (!node->branches) { PyErr_NoMemory(); return -1; }
    for (Py_ssize_t i = 0; i < node->count; i++) {
        node->branches[i] = PyLong_AsSsize_t(PyTuple_GET_ITEM(branches, i));
        if (node->branches[i] < 0 || node->branches[i] >= nodes) return PyErr_Occurred() ? -1 : refuse();
    }
    return 0;
}

static void codec_dealloc(Codec *codec) {
    for (Py_ssize_t i = 0; codec->nodes && i < codec->count; i++) {
        Node *node = &codec->nodes[i];
        for (Py_ssize_t j = 0; node->fields && j < node->count; j++) {
            Py_XDECREF(node->fields[j].name);
            Py_XDECREF(node->fields[j].missing);
        }
        PyMem_Free(node->fields);
        PyMem_Free(node->branches);
        Py_XDECREF(node->symbols);
        Py_XDECREF(node->indexes);
        Py_XDECREF(node->empty);
        Py_XDECREF(node->added);
    }
    PyMem_Free(codec->nodes);
    Py_TYPE(codec)->tp_free((PyObject *)codec);
}

static PyObject *codec_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    PyObject *program;
    if (!PyArg_ParseTuple(args, "O!", &PyTuple_Type, &program)) return NULL;
    Codec *codec = (Codec *)type->tp_alloc(type, 0);
    if (!codec) return NULL;
    codec->count = PyTuple_GET_SIZE(program);
    codec->nodes = PyMem_Calloc(codec->count ? codec->count : 1, sizeof(Node));
    if (!codec->nodes) PyErr_NoMemory();
    else if (!codec->count) refuse();
    for (Py_ssize_t i = 0; i < codec->count && !PyErr_Occurred(); i++)
        fill(&codec->nodes[i], PyTuple_GET_ITEM(program, i), codec->count);
    if (PyErr_Occurred()) {
        Py_DECREF(codec);
        return NULL;
    }
    return (PyObject *)codec;
}

static PyMethodDef methods[] = {
    {"encode", (PyCFunction)codec_encode, METH_O, "The Avro bytes of a value that is plainly right."},
    {"decode", (PyCFunction)(void (*)(void))codec_decode, METH_FASTCALL, "The value in bytes, from an offset to their end."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject codec_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "schemas.codec_native.Codec",
    .tp_basicsize = sizeof(Codec),
    .tp_dealloc = (destructor)codec_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = methods,
    .tp_new = codec_new,
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "codec_native", NULL, -1, NULL, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_codec_native(void) {
    PyObject *made = PyModule_Create(&module);
    if (made && (PyType_Ready(&codec_type) < 0 || PyModule_AddObjectRef(made, "Codec", (PyObject *)&codec_type) < 0))
        Py_CLEAR(made);
    return made;
}
