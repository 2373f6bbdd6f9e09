#include "sim/world/check_operator.h"

#include <assert.h>
#include <stddef.h>

const char *const check_operator_names[CHECK_OP_COUNT + 1] = {"<=", "<",  ">=", ">",
                                                              "==", "!=", NULL};

bool check_operator_holds(enum check_operator op, double value, double limit)
{
    switch (op) {
    case CHECK_LE:
        return value <= limit;
    case CHECK_LT:
        return value < limit;
    case CHECK_GE:
        return value >= limit;
    case CHECK_GT:
        return value > limit;
    case CHECK_EQ:
        return value == limit;
    case CHECK_NE:
        return value < limit || value > limit;
    case CHECK_OP_COUNT:
        break;
    }
    assert(!"a comparison outside its enum");
    return false;
}
