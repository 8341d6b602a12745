#include "detect/finding.h"

const char *finding_kind_name(enum finding_kind k)
{
	return k == FINDING_UPLOAD ? "upload" : "name";
}

const char *finding_level(const struct finding *f)
{
	static const char *const level[] = {"high", "medium", "low", "informational"};

	/* a name alone, with nothing sent, is a step less */
	return level[f->tier + (f->kind == FINDING_NAME)];
}

const char *finding_title(const struct finding *f)
{
	return f->kind == FINDING_UPLOAD ? "Upload to a cloud storage service"
					 : "Anonymous file hosting or paste service used";
}

const char *finding_rule_id(const struct finding *f)
{
	return f->kind == FINDING_UPLOAD ? "egret.upload" : "egret.name";
}
