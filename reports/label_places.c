#include <math.h>
#include <string.h>

#include "reports/figure.h"
#include "router/base/utf8.h"

#define LETTER 7.0  /* pixels, of the figures' small font, with room for a wider one */
#define LINE   15.0 /* height of a line */
#define POINT  7.0  /* half the side of a point's square */

enum { SIDES = 8, RINGS = 3, CHOICES = SIDES * RINGS };

static const double rings[RINGS] = {11, 24, 40};
static const struct {
    double x, y; /* of the ring */
    enum label_align align;
} sides[SIDES] = {
    {1, 0, LABEL_LEFT},        {-1, 0, LABEL_RIGHT},     {0, -1.15, LABEL_CENTER},
    {0, 1.15, LABEL_CENTER},   {0.8, -0.9, LABEL_LEFT},  {0.8, 0.9, LABEL_LEFT},
    {-0.8, -0.9, LABEL_RIGHT}, {-0.8, 0.9, LABEL_RIGHT},
};

static double overlap(const struct label_box *a, const struct label_box *b)
{
    const double width = fmin(a->right, b->right) - fmax(a->left, b->left);
    const double height = fmin(a->bottom, b->bottom) - fmax(a->top, b->top);
    return width > 0 && height > 0 ? width * height : 0;
}

static struct label_box box_of(const struct label_place *label)
{
    const double width = LETTER * (double)utf8_count(label->words, strlen(label->words));
    const double left = label->align == LABEL_LEFT    ? label->at_x
                        : label->align == LABEL_RIGHT ? label->at_x - width
                                                      : label->at_x - width / 2;
    return (struct label_box){left, label->at_y - LINE / 2, left + width, label->at_y + LINE / 2};
}

static void try_place(struct label_place *label, unsigned choice)
{
    const double ring = rings[choice / SIDES];
    label->at_x = label->x + ring * sides[choice % SIDES].x;
    label->at_y = label->y + ring * sides[choice % SIDES].y;
    label->align = sides[choice % SIDES].align;
    label->far = choice >= SIDES;
}

/* What is outside counts most, then what covers words, then points; then the nearer is better. */
static double cost(const struct label_place *labels, size_t count, size_t mine,
                   const struct label_room *room, unsigned choice)
{
    const struct label_box box = box_of(&labels[mine]);
    const double area = (box.right - box.left) * (box.bottom - box.top);
    double sum = 100 * (area - overlap(&box, &room->within)) + choice;
    for (size_t i = 0; i < room->taken_count; i++)
        sum += 5 * overlap(&box, &room->taken[i]);
    for (size_t i = 0; i < count; i++) {
        const struct label_box point = {labels[i].x - POINT, labels[i].y - POINT,
                                        labels[i].x + POINT, labels[i].y + POINT};
        sum += 5 * overlap(&box, &point);
        if (i >= mine) continue;
        const struct label_box other = box_of(&labels[i]);
        sum += 20 * overlap(&box, &other);
    }
    return sum;
}

void label_places(struct label_place *labels, size_t count, const struct label_room *room)
{
    for (size_t i = 0; i < count; i++) {
        double least = HUGE_VAL;
        unsigned best = 0;
        for (unsigned choice = 0; choice < CHOICES; choice++) {
            try_place(&labels[i], choice);
            const double sum = cost(labels, count, i, room, choice);
            if (sum < least) {
                least = sum;
                best = choice;
            }
        }
        try_place(&labels[i], best);
    }
}

/* ---- into a sheet ---- */

double frame_x(const struct sheet_frame *frame, double value)
{
    return frame->left +
           (frame->right - frame->left) * (value - frame->x_low) / (frame->x_high - frame->x_low);
}

double frame_y(const struct sheet_frame *frame, double value)
{
    return frame->bottom -
           (frame->bottom - frame->top) * (value - frame->y_low) / (frame->y_high - frame->y_low);
}

static double value_x(const struct sheet_frame *frame, double pixel)
{
    return frame->x_low +
           (frame->x_high - frame->x_low) * (pixel - frame->left) / (frame->right - frame->left);
}

static double value_y(const struct sheet_frame *frame, double pixel)
{
    return frame->y_low +
           (frame->y_high - frame->y_low) * (frame->bottom - pixel) / (frame->bottom - frame->top);
}

void sheet_lead(struct sheet *sheet, const struct sheet_frame *frame,
                const struct label_place *labels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!labels[i].far) continue;
        const double ends[4] = {value_x(frame, labels[i].x), value_y(frame, labels[i].y),
                                value_x(frame, labels[i].at_x), value_y(frame, labels[i].at_y)};
        text_format(&sheet->script, "set arrow %u from ", 200 + (unsigned)i);
        text_double(&sheet->script, ends[0]);
        text_char(&sheet->script, ',');
        text_double(&sheet->script, ends[1]);
        text_put(&sheet->script, " to ");
        text_double(&sheet->script, ends[2]);
        text_char(&sheet->script, ',');
        text_double(&sheet->script, ends[3]);
        text_put(&sheet->script, " nohead front lw 0.8 lc rgb MUTED\n");
    }
}

void sheet_words(struct sheet *sheet, const struct sheet_frame *frame,
                 const struct label_place *labels, size_t count, const char *style)
{
    static const char *const aligns[LABEL_ALIGNS] = {"left", "right", "center"};
    for (unsigned align = 0; align < LABEL_ALIGNS; align++) {
        int block = -1;
        for (size_t i = 0; i < count; i++) {
            if ((unsigned)labels[i].align != align) continue;
            if (block < 0) block = sheet_labels_begin(sheet);
            sheet_label(sheet, value_x(frame, labels[i].at_x), value_y(frame, labels[i].at_y),
                        labels[i].words);
        }
        if (block >= 0)
            text_format(&sheet->script, ", \\\n     LABELS index %d u 1:2:3 w labels %s %s", block,
                        aligns[align], style);
    }
}
