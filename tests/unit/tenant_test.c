/* Whose part of a service a name is, and who has used it. */
#include <criterion/criterion.h>
#include <string.h>

#include "volume/tenant.h"
#include "volume/tenants.h"

Test(tenant, vectors)
{
	static const struct {
		const char *host, *text; /* "": none */
	} of[] = {
		{"contoso.sharepoint.com", "sharepoint:contoso"},
		{"contoso-my.sharepoint.com", "sharepoint:contoso"},
		{"contoso-admin.sharepoint.com", "sharepoint:contoso"},
		{"contoso.sharepoint.us", "sharepoint:contoso"},
		{"contoso.sharepoint-mil.us", "sharepoint:contoso"},
		{"-my.sharepoint.com", "sharepoint:-my"},
		{"sharepoint.com", ""},
		{"www.sharepoint.com", ""},
		{"evilsharepoint.com", ""},
		{"contoso.sharepoint.com.evil.example", ""},
		{"acct.blob.core.windows.net", "azure:acct"},
		{"acct.file.core.windows.net", "azure:acct"},
		{"acct.dfs.core.windows.net", "azure:acct"},
		{"acct-secondary.blob.core.windows.net", "azure:acct"},
		{"acct.z13.blob.storage.azure.net", "azure:acct"},
		{"acct.privatelink.blob.core.windows.net", "azure:acct"},
		{"blob.core.windows.net", ""},
		{"core.windows.net", ""},
		{"bucket.s3.amazonaws.com", "s3:bucket"},
		{"my.dotted.bucket.s3.amazonaws.com", "s3:my.dotted.bucket"},
		{"files.s3.eu-west-1.amazonaws.com", "s3:files"},
		{"files.s3-eu-west-1.amazonaws.com", "s3:files"},
		{"files.s3.dualstack.eu-west-1.amazonaws.com", "s3:files"},
		{"files.s3-accelerate.amazonaws.com", "s3:files"},
		{"files.s3-accelerate.dualstack.amazonaws.com", "s3:files"},
		{"files.s3-fips.us-gov-west-1.amazonaws.com", "s3:files"},
		{"files.s3.cn-north-1.amazonaws.com.cn", "s3:files"},
		{"point-123456789012.s3-accesspoint.us-west-2.amazonaws.com",
		 "s3:point-123456789012"},
		{"mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com", "s3:mfzwi23gnjvgw.mrap"},
		{"files--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com",
		 "s3:files--use1-az4--x-s3"},
		{"files.bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com", "s3:files"},
		{"bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com", ""},
		{"s3.amazonaws.com", ""},
		{"s3.us-east-1.amazonaws.com", ""},
		{"s3.dualstack.us-east-1.amazonaws.com", ""},
		{"s3-us-west-2.amazonaws.com", ""},
		{"ec2.us-east-1.amazonaws.com", ""},
		{"files.s3.us-west-004.backblazeb2.com", "s3-like:files"},
		{"s3.us-west-004.backblazeb2.com", ""},
		{"f004.backblazeb2.com", ""},
		{"files.s3.wasabisys.com", "s3-like:files"},
		{"files.s3.us-east-2.wasabisys.com", "s3-like:files"},
		{"files.nyc3.digitaloceanspaces.com", "s3-like:files"},
		{"files.nyc3.cdn.digitaloceanspaces.com", "s3-like:files.nyc3"},
		{"nyc3.digitaloceanspaces.com", ""},
		{"files.us-east-1.linodeobjects.com", "s3-like:files"},
		{"files.oss-cn-hangzhou.aliyuncs.com", "s3-like:files"},
		{"oss-cn-hangzhou.aliyuncs.com", ""},
		{"ecs.cn-hangzhou.aliyuncs.com", ""},
		{"files-1250000000.cos.ap-guangzhou.myqcloud.com", "s3-like:files-1250000000"},
		{"cos.ap-guangzhou.myqcloud.com", ""},
		{"files.cdn.myqcloud.com", ""},
		{"0123abcd.r2.cloudflarestorage.com", "s3-like:0123abcd"},
		{"0123abcd.eu.r2.cloudflarestorage.com", "s3-like:0123abcd"},
		{"files.0123abcd.r2.cloudflarestorage.com", "s3-like:0123abcd"},
		{"files.storage.googleapis.com", "gcs:files"},
		{"storage.googleapis.com", ""},
		{"www.googleapis.com", ""},
		{"project.firebaseio.com", "firebase:project"},
		{"project-default-rtdb.europe-west1.firebasedatabase.app",
		 "firebase:project-default-rtdb"},
		{"domain.my.salesforce.com", "salesforce:domain"},
		{"domain--dev.sandbox.my.salesforce.com", "salesforce:domain--dev"},
		{"login.salesforce.com", ""},
		{"company.app.box.com", "box:company"},
		{"upload.box.com", ""},
		{"company.sharefile.com", "sharefile:company"},
		{"storage-eu-214.sharefile.com", ""},
		{"secure.sharefile.com", ""},
		{"company.egnyte.com", "egnyte:company"},
		{"www.egnyte.com", ""},
		{"company.atlassian.net", "atlassian:company"},
		{"xy12345.eu-west-1.snowflakecomputing.com", "snowflake:xy12345"},
		{"example.com", ""},
		{"", ""},
		{".", ""},
		{".sharepoint.com", ""},
		{".s3.amazonaws.com", ""},
		{"a..s3.amazonaws.com", "s3:a."},
	};
	char text[TENANT_TEXT_MAX];

	for (unsigned i = 0; i < sizeof of / sizeof *of; i++) {
		struct tenant t = tenant_of(str_of(of[i].host));
		text[0] = '\0';
		if (t.kind)
			cr_expect_eq(tenant_text(&t, text), strlen(text));
		cr_expect_str_eq(text, of[i].text, "%s is %s", of[i].host, text);
		cr_expect_eq(t.kind == TENANT_NONE, t.label.n == 0);
	}
}

Test(tenant, long_names_are_cut)
{
	char host[1100], text[TENANT_TEXT_MAX];

	memset(host, 'a', sizeof host);
	memcpy(host + sizeof host - 17, ".s3.amazonaws.com", 17);
	struct tenant t = tenant_of((struct str){host, sizeof host});
	cr_assert_eq(t.kind, TENANT_S3);
	cr_expect_eq(tenant_text(&t, text), TENANT_TEXT_MAX - 1);
}

Test(tenants, a_day_passes)
{
	struct tenants t;
	struct tenant x = tenant_of(STR("contoso.sharepoint.com"));
	struct detect_clock c = {0};

	tenants_init(&t, 4);
	clock_set(&c, UINT64_C(1772409600) * NS_PER_S);
	cr_expect_eq(tenants_find(&t, &x, 1, &c, false), POOL_NONE);
	uint32_t n = tenants_find(&t, &x, 1, &c, true);
	cr_expect_eq(tenants_add(&t, n, &c, 1000), 1000);
	clock_set(&c, c.now + 19 * 3600 * NS_PER_S);
	cr_expect_eq(tenants_add(&t, n, &c, 500), 1500);
	clock_set(&c, c.now + 5 * 3600 * NS_PER_S);
	cr_expect_eq(tenants_add(&t, n, &c, 0), 500);
	cr_expect_eq(tenants_add(&t, n, &c, -900), 500, "that is of another part of the day");
	clock_set(&c, c.now - 90000 * NS_PER_S);
	cr_expect_eq(tenants_add(&t, n, &c, 1), 1, "the clock was set back");
	for (uint32_t i = 2; i < 9; i++)
		tenants_find(&t, &x, i, &c, true);
	cr_expect_eq(t.evicted, 5, "seven more, and everybody's");
	cr_expect_neq(tenants_find(&t, &x, 0, &c, false), POOL_NONE, "in use all the time");
	cr_expect_eq(tenants_find(&t, &x, 1, &c, false), POOL_NONE);
	tenants_fini(&t);
}
