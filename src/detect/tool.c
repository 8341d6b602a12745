#include "detect/tool.h"

struct prefix {
	struct str text, family;
};

struct str tool_of_agent(struct str user_agent)
{
	static const struct prefix known[] = {
		{STR("rclone/"), STR("rclone")},
		{STR("restic/"), STR("restic")},
		{STR("AzCopy/"), STR("azcopy")},
		{STR("MEGAcmd"), STR("mega")},
		{STR("MEGAsync"), STR("mega")},
		{STR("MegaClient"), STR("mega")},
		{STR("megatools"), STR("mega")},
		{STR("aws-cli/"), STR("aws-cli")},
		{STR("Boto3/"), STR("boto")},
		{STR("s5cmd"), STR("s5cmd")},
		{STR("gsutil/"), STR("gsutil")},
		{STR("apitools gsutil"), STR("gsutil")},
		{STR("google-cloud-sdk"), STR("gcloud")},
		{STR("S3 Browser"), STR("s3-browser")},
		{STR("Cyberduck/"), STR("cyberduck")},
		{STR("WinSCP/"), STR("winscp")},
		{STR("FileZilla"), STR("filezilla")},
		{STR("Microsoft-WebDAV-MiniRedir/"), STR("webdav-miniredir")},
		{STR("davfs2/"), STR("davfs")},
		{STR("curl/"), STR("curl")},
		{STR("Wget/"), STR("wget")},
		{STR("python-requests/"), STR("python")},
		{STR("WindowsPowerShell/"), STR("powershell")},
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct str p = known[i].text;
		if (user_agent.n >= p.n && str_ieq((struct str){user_agent.p, p.n}, p))
			return known[i].family;
	}
	return (struct str){0};
}

struct str tool_of_ja4(const char *ja4)
{
	static const char go[] = "_9dc949149365_"; /* crypto/tls with its own order of suites */

	return strstr(ja4, go) ? STR("go") : (struct str){0};
}
