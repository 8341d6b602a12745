/* Whose part of a shared service a host name is: the tenant of a SharePoint, the account of an
 * Azure storage, the bucket of an S3 …, as far as the name tells. */
#ifndef EGRET_VOLUME_TENANT_H
#define EGRET_VOLUME_TENANT_H

#include <stdbool.h>

#include "base/str.h"

enum tenant_kind {
	TENANT_NONE,
	TENANT_SHAREPOINT, /* contoso.sharepoint.com, contoso-my.…: SharePoint and OneDrive alike */
	TENANT_AZURE,	   /* account.blob.core.windows.net and its siblings */
	TENANT_S3,	   /* bucket.s3.REGION.amazonaws.com */
	TENANT_S3_LIKE,	   /* buckets of other stores that speak S3: B2, Spaces, Wasabi, R2 … */
	TENANT_GCS,	   /* bucket.storage.googleapis.com */
	TENANT_FIREBASE,   /* project.firebaseio.com, project.firebasestorage.app … */
	TENANT_SALESFORCE, /* domain.my.salesforce.com, domain.file.force.com */
	TENANT_BOX,	   /* company.app.box.com, company.box.com */
	TENANT_SHAREFILE,  /* company.sharefile.com */
	TENANT_EGNYTE,	   /* company.egnyte.com */
	TENANT_ATLASSIAN,  /* company.atlassian.net */
	TENANT_SNOWFLAKE,  /* account[.region].snowflakecomputing.com */
	TENANT_KINDS
};

struct tenant {
	enum tenant_kind kind;
	struct str label; /* a part of the host name; lower case as that is */
};

/* The tenant that a host name (core/hostname.h form) names. Kind TENANT_NONE and an empty label
 * where it names none: other services, and shared entry points such as path-style S3. The answer
 * points into `host`. Costs a comparison for names of no such service. */
struct tenant tenant_of(struct str host);

const char *tenant_kind_name(enum tenant_kind k); /* "sharepoint", … */

#define TENANT_TEXT_MAX 280

/* "sharepoint:contoso", terminated; its length. */
size_t tenant_text(const struct tenant *t, char out[TENANT_TEXT_MAX]);

#endif
