/* Draws a book's figures: files, theme, gnuplot. */
#include <assert.h>
#include <string.h>

#include "reports/figure.h"
#include "reports/files.h"
#include "reports/gnuplot.h"
#include "reports/tokens.h"

const struct figure *book_find(const struct figure *const *figures, const char *name)
{
    for (size_t i = 0; figures[i] != NULL; i++)
        if (strcmp(figures[i]->name, name) == 0) return figures[i];
    assert(!"a figure of that name");
    return NULL;
}

/* The look of all figures. A script draws itself twice: it ends by loading itself for the PNG. */
static void put_theme(struct text *text, const struct figure *figure, const struct sheet *sheet)
{
    text_format(text,
                "# %s\n"
                "# Draws %s.svg and %s.png from the .tsv files beside it: gnuplot %s.gp\n"
                "if (!exists('FORMAT')) { FORMAT = 'svg' }\n",
                figure->title, figure->name, figure->name, figure->name);
    tokens_write_gnuplot(text);
    text_format(
        text,
        "if (FORMAT eq 'svg') {\n"
        "    set terminal svg size %d,%d dynamic enhanced font 'sans-serif,13' name '%s' "
        "rounded\n"
        "    set output '%s.svg'\n"
        "    SMALL = ',12'; BOLD = ':Bold,12'; FEW = 0.35\n"
        "} else {\n"
        "    set terminal pngcairo size %d,%d enhanced font 'Liberation Sans,10' fontscale 2 "
        "linewidth 2 pointscale 2 rounded background BG\n"
        "    set output '%s.png'\n"
        "    SMALL = ',9'; BOLD = 'Liberation Sans:Bold,9'; FEW = 0.6\n"
        "}\n",
        sheet->width, sheet->height, figure->name, figure->name, 2 * sheet->width,
        2 * sheet->height, figure->name);
    text_format(text,
                "DATA = '%s.tsv'\nLABELS = '%s.labels.tsv'\n"
                "set encoding utf8\nset minussign\n"
                "set datafile separator '\\t'\n"
                "set border 1 lc rgb AXIS lw 1\n"
                "set tics nomirror out scale 0.4,0 textcolor rgb MUTED\n"
                "set ytics scale 0 offset 0.3,0\n"
                "set grid ytics noxtics lc rgb GRID lw 1 lt 1\n"
                "set style fill solid 1.0 noborder\n"
                "unset key\n"
                "set multiplot\n",
                figure->name, figure->name);
}

static void put_end(struct text *text, const struct figure *figure)
{
    text_format(text,
                "unset multiplot\nunset output\n"
                "if (FORMAT eq 'svg') {\n"
                "    FORMAT = 'png'\n    reset\n    load '%s.gp'\n"
                "}\n",
                figure->name);
}

static bool write_part(const char *plots, const char *name, const char *suffix,
                       const struct text *text, struct err *err)
{
    char file[64];
    (void)snprintf(file, sizeof file, "%s%s", name, suffix);
    return files_write(plots, file, text, err);
}

static bool write_sheet(const struct figure *figure, struct sheet *sheet, const char *plots,
                        struct err *err)
{
    figure->draw(sheet);
    struct text script = {0};
    put_theme(&script, figure, sheet);
    text_append(&script, sheet->script.bytes, sheet->script.length);
    put_end(&script, figure);
    script.failed |= sheet->script.failed;
    const bool written = write_part(plots, figure->name, ".tsv", &sheet->data, err) &&
                         write_part(plots, figure->name, ".labels.tsv", &sheet->labels, err) &&
                         write_part(plots, figure->name, ".gp", &script, err);
    text_release(&script);
    return written;
}

static void call_gnuplot(const char *gnuplot, const char *plots, struct drawing_figure *figure,
                         struct drawing *drawing)
{
    char script[64];
    char why[160];
    (void)snprintf(script, sizeof script, "%s.gp", figure->name);
    switch (gnuplot_run(gnuplot, plots, script, why, sizeof why)) {
    case GNUPLOT_DREW:
        figure->drawn = true;
        drawing->drawn++;
        break;
    case GNUPLOT_MISSING:
        drawing->state = DRAWING_MISSING;
        (void)snprintf(drawing->reason, sizeof drawing->reason,
                       "gnuplot was not found, so this report has tables in place of figures; "
                       "plots/ holds what it needs to draw them later.");
        break;
    case GNUPLOT_FAILED:
        drawing->state = DRAWING_FAILED;
        (void)snprintf(drawing->reason, sizeof drawing->reason,
                       "gnuplot could not draw plots/%s: %s", script, why);
        break;
    }
}

static bool draw_one(const struct figure_book *book, const struct figure *figure, const char *plots,
                     const char *gnuplot, struct drawing *drawing, struct err *err)
{
    assert(drawing->count < FIGURES_MAX);
    struct drawing_figure *entry = &drawing->figures[drawing->count++];
    *entry =
        (struct drawing_figure){.name = figure->name, .absence = figure->absence(&book->subject)};
    if (entry->absence != NULL) return true;

    struct sheet sheet = book->blank;
    sheet.width = FIGURE_WIDTH;
    sheet.height = FIGURE_WIDTH / 2;
    const bool written = write_sheet(figure, &sheet, plots, err);
    sheet_release(&sheet);
    if (!written) return false;
    if (gnuplot != NULL && drawing->state != DRAWING_MISSING)
        call_gnuplot(gnuplot, plots, entry, drawing);
    return true;
}

bool book_draw(const struct figure_book *book, const char *directory, const char *gnuplot,
               struct drawing *drawing, struct err *err)
{
    *drawing = (struct drawing){.state = gnuplot != NULL ? DRAWING_DONE : DRAWING_OFF};
    if (gnuplot == NULL)
        (void)snprintf(drawing->reason, sizeof drawing->reason,
                       "Figures were switched off, so this report has tables in their place.");
    char plots[FILES_PATH_MAX];
    if (!files_path(plots, directory, "plots", err) || !files_make_directory(plots, err))
        return false;
    for (size_t i = 0; book->figures[i] != NULL; i++)
        if (!draw_one(book, book->figures[i], plots, gnuplot, drawing, err)) return false;
    return true;
}
