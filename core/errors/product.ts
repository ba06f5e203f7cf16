// Errors of the product as a whole: commands, configuration, start, access, GraphQL.

export const PRODUCT_ERRORS = {};
