#include "providers/codec.h"

struct codec_customer codec_customer_default(void)
{
    return (struct codec_customer){.latitude = 39.1054,
                                   .longitude = -84.5081,
                                   .street_number = "1",
                                   .street = "Example Street",
                                   .city = "Cincinnati",
                                   .state = "OH",
                                   .name = "routesim",
                                   .email = "customer@example.invalid",
                                   .phone = "5135550100"};
}
